//! The house rules that a machine can check: who may import whom, who alone may say certain words,
//! and that what the papers name is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file by its path below `src/`, without its tests.
fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, into: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let code =
                    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                let name = path
                    .strip_prefix(root().join("src"))
                    .expect("below src")
                    .to_string_lossy()
                    .into_owned();
                into.insert(name, code);
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(&root().join("src"), &mut all);
    assert!(all.len() > 30, "the sources were not found");
    all
}

/// The room of a file: its first folder, or its own name.
fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or_default()
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[test]
fn rooms_import_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("clock", &[][..]),
        ("memory", &[]),
        ("domain", &[]),
        ("files", &["domain"]),
        ("config", &["domain", "files"]),
        ("provider", &["domain", "config", "clock"]),
        ("store", &["domain", "files"]),
        ("sandbox", &["domain", "clock"]),
        ("engine", &["domain", "config", "clock", "provider", "store"]),
        ("contract", &["domain"]),
        ("app", &["contract", "domain", "config", "engine", "ui"]),
        ("ui", &["domain", "config", "app", "engine"]),
        ("tty", &["app", "ui", "config"]),
        ("run", &["domain", "config", "clock", "engine", "app", "ui", "tty"]),
        (
            "cli",
            &[
                "contract", "domain", "config", "clock", "files", "engine", "provider", "sandbox",
                "run", "tty", "app", "ui",
            ],
        ),
        ("main", &["cli", "memory"]),
        ("lib", &[]),
    ]);
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let from = room(&file);
        let targets = allowed
            .get(from)
            .unwrap_or_else(|| panic!("{file} is a room that the house does not know"));
        for line in code(&text) {
            for rest in line.split("crate::").skip(1) {
                let to: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                // The permit is made by the store and used up by a provider: the one thing that a
                // room takes from a room that does not lie below it.
                if file == "provider.rs" && rest.starts_with("store::Permit;") {
                    continue;
                }
                if !to.is_empty() && to != from && !targets.contains(&to.as_str()) {
                    wrong.push(format!("{file} imports crate::{to}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sandbox_and_the_board_borrow_only_what_they_may() {
    for (file, text) in sources() {
        for line in code(&text) {
            if room(&file) == "sandbox" {
                assert!(
                    !line.contains("crate::provider") && !line.contains("crate::engine"),
                    "{file}: {line}"
                );
                let foreign = line.contains("crate::domain::")
                    && !line.contains("domain::money")
                    && !line.contains("domain::text");
                assert!(
                    !foreign,
                    "{file}: two readings of a wire share nothing but money and text: {line}"
                );
            }
            if matches!(room(&file), "app" | "ui") {
                assert!(
                    !line.contains("crate::provider") && !line.contains("crate::store"),
                    "{file}: {line}"
                );
            }
        }
    }
}

#[test]
fn words_that_belong_to_one_file_stay_there() {
    let rules: [(&str, &[&str]); 5] = [
        ("crossterm", &["tty.rs"]),
        (".act(", &["engine/change.rs"]),
        ("Timestamp::now", &["clock.rs"]),
        ("async fn", &[]),
        // A file's name may be anything, an escape sequence too: `text::of_path` cleans it.
        // Secrets clean their whole sentence.
        (".display()", &["domain/text.rs", "config/secret.rs"]),
    ];
    for (file, text) in sources() {
        for line in code(&text) {
            for (word, owners) in rules {
                let checked = word != "async fn" || matches!(room(&file), "domain" | "app" | "ui");
                assert!(
                    !checked || !line.contains(word) || owners.contains(&file.as_str()),
                    "{file} says `{word}`: {line}"
                );
            }
        }
    }
}

#[test]
fn money_never_passes_through_a_float() {
    for (file, text) in sources() {
        for line in code(&text) {
            let float = ["f64", "f32", "as_f", "to_f"].iter().any(|word| {
                line.match_indices(word).any(|(at, _)| {
                    let before = line.get(..at).and_then(|text| text.chars().last());
                    !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
                })
            });
            assert!(!float, "{file}: {line}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_none_is_a_drawer_for_anything() {
    for (file, text) in sources() {
        assert!(text.starts_with("//!"), "{file} does not say what it is");
        for drawer in ["utils", "helpers", "manager", "common", "misc"] {
            assert!(!file.contains(drawer), "{file}");
        }
    }
}

#[test]
fn files_that_the_architecture_names_exist() {
    let paper = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named: Vec<&str> = paper
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("src/") || word.starts_with("tests/"))
        .collect();
    assert!(named.len() > 10, "ARCHITECTURE.md names only {} files", named.len());
    for name in named {
        assert!(root().join(name).exists(), "ARCHITECTURE.md names {name}, which is not there");
    }
}
