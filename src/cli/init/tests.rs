use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::provider::Config;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn written(kinds: &[&str], environment: Option<Environment>) -> String {
    let kinds = known_kinds(&names(kinds), KINDS).expect("known kinds");
    configuration(&kinds.into_iter().map(|kind| (kind, environment)).collect::<Vec<_>>())
}

fn parsed(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("c.toml")).map_err(|error| error.to_string())
}

#[test]
fn init_writes_the_accounts_that_were_asked_for_and_no_other() {
    for asked in [&["banana"][..], &["ibanera", "artha"], &["artha", "banana", "enkash", "ibanera"]]
    {
        for environment in Environment::ALL {
            let text = written(asked, Some(environment));
            let config = parsed(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let kinds: Vec<&str> = config.providers.iter().map(|account| account.kind()).collect();
            assert_eq!(kinds, asked, "{text}");
            assert!(config.providers.iter().all(|account| account.environment == environment));
            assert!(text.contains("[board]\n") && text.contains("#[board.keys]\n"), "{text}");
            assert!(text.contains("#rate_limit = "), "what every account may have: {text}");
            let other = KINDS.iter().find(|kind| !asked.contains(&kind.name));
            assert!(other.is_none_or(|kind| !text.contains(&format!("\"{}\"", kind.name))));
        }
    }
}

#[test]
fn an_environment_that_nobody_said_is_a_line_that_makes_the_file_refused() {
    let text = written(&["banana", "enkash"], None);
    let (line, _) = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.starts_with("environment = \"\""))
        .expect("a line to be filled in");
    assert_eq!(
        parsed(&text).expect_err("never production by default"),
        format!(
            "c.toml line {}: providers.bravo.environment is \"\": write one of \"production\", \
             \"sandbox\"",
            line + 1
        )
    );
    let filled = text.replace("environment = \"\"", "environment = \"sandbox\"");
    assert!(parsed(&filled).is_ok());
    let kinds = known_kinds(&names(&["banana"]), KINDS).expect("known");
    let next = what_is_next(Path::new("/h/c.toml"), &[(kinds[0], None)]);
    assert!(next.contains("The environment of banana is not said"), "{next}");
}

#[test]
fn a_kind_that_is_not_known_is_refused_with_the_list_and_what_was_meant() {
    let refused = |kinds: &[&str]| {
        let failure = known_kinds(&names(kinds), KINDS).expect_err("not kinds");
        assert_eq!(failure.exit, Exit::Usage);
        failure.words()
    };
    assert_eq!(
        refused(&["artha", "bananna"]),
        "bananna is not a kind of provider: did you mean banana? known are artha, banana, enkash, \
         ibanera; nothing was written"
    );
    assert!(!refused(&["stripe-issuing"]).contains("did you mean"));
    assert!(refused(&["stripe-issuing"]).contains("known are artha, banana, enkash, ibanera"));
    assert!(refused(&["artha", "Artha"]).contains("twice"));
}

#[test]
fn init_without_a_kind_writes_nothing_and_names_the_kinds() {
    let failure = known_kinds(&[], KINDS).expect_err("nothing was asked for");
    assert_eq!(failure.exit, Exit::Usage);
    for word in ["cardtop init artha", "artha, banana, enkash, ibanera", "nothing was written"] {
        assert!(failure.words().contains(word), "{}", failure.words());
    }
}

#[test]
fn on_a_terminal_the_environment_is_asked_until_it_is_said() {
    let mut asked = Vec::new();
    let mut answers = "\nlive\nProduction\n".as_bytes();
    let said = ask("artha", &mut answers, &mut asked).expect("a terminal");
    assert_eq!(said, Some(Environment::Production));
    let asked = String::from_utf8(asked).expect("text");
    assert_eq!(asked.matches("environment of artha (sandbox/production)? ").count(), 3, "{asked}");
    assert_eq!(ask("artha", &mut "".as_bytes(), &mut Vec::new()).expect("a terminal"), None);
}

#[test]
fn a_kind_without_an_example_is_written_with_the_keys_that_it_needs() {
    let mut made_up = ProviderKind {
        name: "pebble",
        settings: &["quarry"],
        credentials: &["token"],
        ..banana_like()
    };
    made_up.endpoints = &[];
    let text = example::account(&made_up, Some(Environment::Sandbox));
    for line in [
        "[providers.pebble]",
        "kind = \"pebble\"",
        "# settings of this kind: quarry",
        "[providers.pebble.credentials]",
        "token = { env = \"PEBBLE_TOKEN\" }",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}: {text}");
    }
    assert!(text.contains("environment = \"sandbox\""), "{text}");
}

/// A kind to take the rest of a made-up one from.
fn banana_like() -> ProviderKind {
    let kind = KINDS[1];
    ProviderKind {
        name: kind.name,
        ids: kind.ids,
        settings: kind.settings,
        credentials: kind.credentials,
        questions: kind.questions,
        endpoints: kind.endpoints,
        fields: kind.fields,
        words: kind.words,
        list_settings: kind.list_settings,
        lists: kind.lists,
        read: kind.read,
    }
}

#[test]
fn where_no_file_can_be_made_nothing_is_asked() {
    let home = tempfile::tempdir().expect("a folder");
    assert!(may_be_written(&home.path().join("new/folder/c.toml")).is_ok());
    fs::write(home.path().join("file"), "").expect("writing");
    let failure = may_be_written(&home.path().join("file/c.toml")).expect_err("below a file");
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.words().contains("cannot be written: its folder "), "{}", failure.words());
}

#[test]
fn a_first_configuration_is_for_its_owner_only_and_never_overwrites() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("new").join("config.toml");
    write_new(&path, "text").expect("a new file");
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    fs::write(&path, "mine").expect("writing");
    let failure = write_new(&path, "text").expect_err("it exists");
    assert_eq!(
        (failure.exit, fs::read_to_string(&path).expect("readable")),
        (Exit::Usage, "mine".to_owned())
    );
}
