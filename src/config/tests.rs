//! A configuration with a kind of provider that only these tests know.

use super::endpoint::{Effect, Endpoint};
use super::lists::{ListSetting, Lists};
use super::spelling::WordTable;
use super::*;
use crate::domain::card::{CardState, IdForm, Ids};
use secret::Source;

/// What the made-up kind has for settings.
#[derive(Clone, Debug, PartialEq)]
struct Settings {
    branch: String,
    close_path: String,
}

const GET: Endpoint = Endpoint::reads("get", "/get");
const PAY: Endpoint = Endpoint::changes("pay", "/pay");

static TINY: ProviderKind<Settings> = ProviderKind {
    name: "tiny",
    ids: Ids { cards: IdForm::Opaque, transactions: IdForm::Number },
    settings: &["branch", "close_path"],
    credentials: &["key"],
    questions: &[Question::text("branch", "the branch"), Question::secret("key", "the key")],
    endpoints: &[GET, PAY],
    fields: &["sum"],
    words: &[WordTable::CardStates],
    list_settings: &[ListSetting::PageSize],
    lists: || Lists { page_size: 7, ..Lists::default() },
    read: |account| {
        let Source::Env(_) = account.credentials.need_secret("key")? else { panic!("a variable") };
        Ok(Settings {
            branch: account.settings.need_text("branch")?,
            close_path: account.path_or("close_path", Effect::Changes, "/close")?,
        })
    },
};

const GOOD: &str = r#"
[providers.acme]
kind = "tiny"
base_url = "https://api.example.com"
branch = "4"
[providers.acme.credentials]
key = { env = "KEY" }
[providers.acme.paths]
pay = "/v2/pay"
[providers.acme.fields]
sum = "total"
[providers.acme.words.card_states]
asleep = "FROZEN"
"#;

fn parse(text: &str) -> Result<Config<Settings>, String> {
    Config::parse_with(text, Path::new("c.toml"), &[&TINY]).map_err(|error| error.to_string())
}

#[test]
fn a_kind_that_the_configuration_does_not_know_reads_its_own_table() {
    let config = parse(GOOD).expect("it is good");
    let [account] = config.providers.as_slice() else { panic!("one account") };
    assert_eq!(account.settings, Settings { branch: "4".into(), close_path: "/close".into() });
    assert_eq!((account.kind(), account.ids()), ("tiny", TINY.ids));
    assert_eq!((account.spelling.path(GET), account.spelling.path(PAY)), ("/get", "/v2/pay"));
    assert_eq!(account.spelling.ours("Total"), Some("sum"));
    assert_eq!(account.spelling.card_state("asleep"), Some(CardState::Frozen));
    assert_eq!(account.lists.page_size, 7);
}

#[test]
fn mistakes_name_the_keys_of_the_kinds_that_were_given() {
    for (from, to, error) in [
        (
            "\"tiny\"",
            "\"huge\"",
            "c.toml line 3: providers.acme.kind is \"huge\": write one of \"tiny\"",
        ),
        (
            "branch",
            "brunch",
            "c.toml line 5: providers.acme: unknown key `brunch`; did you mean `branch`?",
        ),
        (
            "/v2/pay",
            "/Close",
            "c.toml line 2: providers.acme: pay and close_path have the same path, \"/Close\", and one \
             of them changes something: give each its own",
        ),
        (
            "words.card_states",
            "words.transaction_states",
            "c.toml line 12: providers.acme.words: unknown key `transaction_states`; known are \
             card_states",
        ),
    ] {
        assert_eq!(parse(&GOOD.replace(from, to)).expect_err(to), error);
    }
}

#[test]
fn how_far_back_history_is_wanted_is_a_number_of_days_or_a_clear_mistake() {
    let with =
        |line: &str| parse(&GOOD.replace("branch = \"4\"", &format!("branch = \"4\"\n{line}")));
    let days = |line: &str| {
        let config = with(line).expect("it is good");
        config.providers.first().expect("an account").history.as_secs() / 86_400
    };
    assert_eq!((days(""), days("history = \"400d\""), days("history = \"48h\"")), (90, 400, 2));
    for nonsense in ["0d", "30", "soon", "-3d", "1h", "99999d"] {
        let error = with(&format!("history = \"{nonsense}\"")).expect_err("it is nonsense");
        assert!(
            error.contains("history") && error.contains("\"400d\"") && error.contains(nonsense),
            "{error}"
        );
    }
}
