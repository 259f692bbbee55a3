//! The rules of the house that a machine can check: who may import whom, who alone may say certain
//! words, how big things may be, and that ARCHITECTURE.md says the same.

mod planted;
mod sizes;
mod source;
mod walls;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use self::source::sources;

fn root() -> PathBuf {
    // Cargo sets it when it runs a test; so another checkout can be tried with the same program.
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

fn architecture() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

#[test]
fn rooms_import_only_what_lies_below_them() {
    let wrong = walls::forbidden_imports(&sources(&root()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_two_modules_import_each_other() {
    let circles = walls::circles(&sources(&root()));
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_architecture_s_table_of_imports_is_the_one_that_is_checked() {
    let table = walls::documented(&architecture());
    for (room, imports) in walls::ROOMS.iter().filter(|(room, _)| *room != "lib") {
        let checked: BTreeSet<String> = imports.iter().map(|room| (*room).to_owned()).collect();
        assert_eq!(table.get(*room), Some(&checked), "{room}");
    }
    assert_eq!(table.len(), walls::ROOMS.len() - 1, "a room of the table is not checked");
}

#[test]
fn words_that_belong_to_one_file_stay_there() {
    let wrong: Vec<String> = sources(&root()).iter().flat_map(words::misplaced).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn money_never_passes_through_a_float() {
    let wrong: Vec<String> = sources(&root()).iter().flat_map(words::floats).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_provider_is_known_by_name_in_its_folder_and_in_the_lists_alone() {
    let wrong: Vec<String> = sources(&root()).iter().flat_map(words::provider_names).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_functions_and_structs_stay_small() {
    let wrong: Vec<String> = sources(&root()).iter().flat_map(sizes::oversized).collect();
    assert!(wrong.is_empty(), "{} of them: {wrong:#?}", wrong.len());
}

#[test]
fn lines_have_at_most_a_hundred_columns() {
    let wrong: Vec<String> = sources(&root())
        .iter()
        .flat_map(|source| {
            let long = sizes::long_lines(&source.text);
            long.into_iter().map(|line| format!("{}:{line}", source.file)).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_and_none_is_a_drawer_for_anything() {
    for source in sources(&root()) {
        assert!(source.text.starts_with("//!"), "{} does not say what it is", source.file);
        for drawer in ["utils", "helpers", "manager", "common", "misc"] {
            assert!(!source.file.contains(drawer), "{}", source.file);
        }
    }
}

#[test]
fn files_that_the_architecture_names_exist() {
    let paper = architecture();
    let named: Vec<&str> = paper
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("src/") || word.starts_with("tests/"))
        // In a recipe NAME stands for what is added.
        .filter(|word| !word.contains("NAME"))
        .collect();
    assert!(named.len() > 10, "ARCHITECTURE.md names only {} files", named.len());
    for name in named {
        assert!(root().join(name).exists(), "ARCHITECTURE.md names {name}, which is not there");
    }
}
