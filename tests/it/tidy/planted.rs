//! The checks are tried on sins that were planted: each must be found, wherever it stands.

use std::collections::BTreeMap;

use super::source::{Source, test_files};
use super::{sizes, walls, words};

/// A production file in which the sin stands below the declaration of its tests, as it would in an
/// adapter.
fn below_tests(file: &str, sin: &str) -> Source {
    Source::parse(file, &format!("//! A room.\n\n#[cfg(test)]\nmod tests;\n\n{sin}\n"))
}

fn imports(file: &str, sin: &str) -> Vec<String> {
    // The rooms are those of the sources.
    let rooms = walls::ROOMS.iter().map(|(room, _)| Source::parse(&format!("{room}.rs"), ""));
    let mut sources: Vec<Source> = rooms.collect();
    sources.push(below_tests(file, sin));
    walls::forbidden_imports(&sources)
}

#[test]
fn an_import_upwards_is_found_in_every_form() {
    for (file, sin) in [
        ("config/a.rs", "use crate::provider::Provider;"),
        ("config/a.rs", "use crate::{domain::money::Money, engine};"),
        ("config/a.rs", "use super::super::provider::{self, Provider};"),
        ("config/a.rs", "fn f() { let _ = crate::engine::start(); }"),
        ("config/a.rs", "fn f() { println!(\"{}\", crate::engine::name()); }"),
        ("config/a.rs", "impl crate::app::Shown for A {}"),
        ("config/a.rs", "pub use crate::ui as screen;"),
        ("app/a.rs", "use crate::ui::theme::Theme;"),
        ("app/a.rs", "use crate::store::Store;"),
        ("sandbox/a.rs", "use crate::provider::enkash::wire;"),
        ("sandbox/a.rs", "use crate::domain::{card::CardState, money::Money};"),
        ("provider/a.rs", "use crate::store::{Permit, Store};"),
        ("main.rs", "fn f() { cardtop::engine::start(); }"),
        ("attic/a.rs", ""),
    ] {
        assert!(!imports(file, sin).is_empty(), "{file}: {sin}");
    }
    for (file, clean) in [
        ("config/a.rs", "use crate::domain::money::Money;\nuse super::b::B;"),
        ("config/a.rs", "// use crate::engine;\nconst A: &str = \"crate::engine\";"),
        ("config/a.rs", "#[cfg(test)]\nmod more { use crate::engine::Engine; }"),
        ("config/a.rs", "#[cfg(test)]\nfn f() { crate::engine::start() }"),
        ("sandbox/a.rs", "use crate::domain::{money::Money, text};"),
        ("provider/a.rs", "use crate::store::Permit;"),
    ] {
        assert_eq!(imports(file, clean), Vec::<String>::new(), "{clean}");
    }
}

#[test]
fn a_circle_is_found_and_a_child_may_name_its_parent() {
    let parse = |files: &[(&str, &str)]| -> Vec<Source> {
        files.iter().map(|(file, text)| Source::parse(file, text)).collect()
    };
    let circle = parse(&[
        ("config/file.rs", "use super::table::Table;"),
        ("config/table.rs", "use crate::config::{roster::Roster, other};"),
        ("config/roster.rs", "fn f() { super::file::read() }"),
    ]);
    let file = |name: &str| format!("config::{name}");
    assert_eq!(walls::circles(&circle), [[file("file"), file("roster"), file("table")]]);
    let clean = parse(&[
        ("config.rs", "mod file;\nuse self::file::File;"),
        ("config/file.rs", "use super::table::Table;\nuse super::Config;"),
        ("config/table.rs", "use crate::config::Config;"),
    ]);
    assert_eq!(walls::circles(&clean), Vec::<Vec<String>>::new());
}

#[test]
fn words_and_floats_out_of_place_are_found() {
    for (file, sin) in [
        ("provider/artha.rs", "fn f(p: &P) { p.act(card, action); }"),
        ("app.rs", "fn f() -> Timestamp { jiff::Timestamp::now() }"),
        ("ui.rs", "use crossterm::event::Event;"),
        ("app/a.rs", "async fn f() {}"),
        ("store/a.rs", "fn f(p: &Path) -> String { format!(\"{}\", p.display()) }"),
    ] {
        assert_eq!(words::misplaced(&below_tests(file, sin)).len(), 1, "{file}: {sin}");
    }
    for sin in ["fn f(x: f64) {}", "fn f() { x.as_f64(); }", "const A: u8 = (1.5 * 2) as u8;"] {
        assert!(!words::floats(&below_tests("provider/banana.rs", sin)).is_empty(), "{sin}");
    }
    let clean = "/// No f64, no .act(, no crossterm.\nfn f() -> &'static str { \"f64 .act( 1.5\" }";
    let clean = below_tests("app/a.rs", clean);
    assert!(words::misplaced(&clean).is_empty() && words::floats(&clean).is_empty());
}

#[test]
fn a_provider_s_name_out_of_place_is_found() {
    for sin in [
        "fn f(k: Kind) -> u8 { match k { Kind::Artha => 1, Kind::Other => 2 } }",
        "fn f(kind: &str) -> bool { kind == \"enkash\" }",
        "use crate::provider::banana::Banana;",
    ] {
        assert!(!words::provider_names(&below_tests("engine/a.rs", sin)).is_empty(), "{sin}");
        assert!(words::provider_names(&below_tests("provider/banana/a.rs", sin)).is_empty());
    }
    let clean = "/// As artha does.\nfn f() -> &'static str { \"the banana document\" }";
    assert!(words::provider_names(&below_tests("engine/a.rs", clean)).is_empty());
}

#[test]
fn what_is_too_big_is_found_and_tests_do_not_count() {
    let lines = |count: usize| "    let _ = 0;\n".repeat(count);
    let function = |count| format!("fn f() {{\n{}}}\n", lines(count));
    assert_eq!(sizes::oversized(&below_tests("a.rs", &function(58))), Vec::<String>::new());
    for sin in [
        function(59),
        format!("impl A {{\n{}}}", function(59)),
        format!("trait A {{\n{}}}", function(59)),
        format!("mod inner {{\n{}}}", function(59)),
    ] {
        assert_eq!(sizes::oversized(&below_tests("a.rs", &sin)).len(), 1, "{sin}");
    }
    let fields = |count| "a: u8,\n".repeat(count);
    assert_eq!(
        sizes::oversized(&below_tests("a.rs", &format!("struct A {{{}}}", fields(12)))).len(),
        0
    );
    let wide = format!("struct A {{{}}}", fields(13));
    assert_eq!(sizes::oversized(&below_tests("a.rs", &wide)).len(), 1);
    let reasoned = format!("/// A row.\n///\n/// {} one a column.\n{wide}", sizes::REASON);
    assert_eq!(sizes::oversized(&below_tests("a.rs", &reasoned)).len(), 0);
    let long = format!("//! Long.\n{}", "const A: u8 = 0;\n".repeat(500));
    assert_eq!(sizes::oversized(&Source::parse("a.rs", &long)).len(), 1);
    let tests = format!(
        "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
        "const A: u8 = 0;\n".repeat(400),
        function(200)
    );
    assert_eq!(sizes::oversized(&Source::parse("a.rs", &tests)).len(), 0);
    assert_eq!(sizes::long_lines(&format!("{}\n{}\n", "a".repeat(100), "ü".repeat(101))), [2]);
}

#[test]
fn files_of_tests_are_known_by_their_declaration_and_not_by_their_name() {
    let files: BTreeMap<String, String> = [
        ("lib.rs", "mod a;"),
        ("a.rs", "#[cfg(test)]\nmod fixture;\nmod tests_of_quality;\n#[cfg(test)]\nmod tests;"),
        ("a/fixture.rs", ""),
        ("a/tests.rs", "mod more;"),
        ("a/tests/more.rs", ""),
        ("a/tests_of_quality.rs", ""),
    ]
    .into_iter()
    .map(|(file, text)| (file.to_owned(), text.to_owned()))
    .collect();
    let tests: Vec<String> = test_files(&files).into_iter().collect();
    assert_eq!(tests, ["a/fixture.rs", "a/tests.rs", "a/tests/more.rs"]);
}
