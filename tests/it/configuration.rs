//! The configuration file with the kinds of providers that cardtop knows: what is read, and what
//! each mistake is answered with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cardtop::app::keymap::Keymap;
use cardtop::config::lists::{Dates, Lists, Sign};
use cardtop::config::secret::Source;
use cardtop::config::{Clipboard, ConfigError, Environment, Glyphs, ThemeChoice};
use cardtop::domain::card::CardState;
use cardtop::provider::crypto::Padding;
use cardtop::provider::encoding::TextEncoding;
use cardtop::provider::kinds::KINDS;
use cardtop::provider::{Config, ProviderConfig, artha, banana, enkash, ibanera};
use proptest::prelude::*;

fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a text file");
        (path, text)
    };
    let files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder of the test").map(read).collect();
    assert!(files.len() > 2);
    files
}

/// The configuration, its keys given to the board.
fn checked(text: &str, path: &Path) -> Result<Config, String> {
    let config = Config::parse(text, path).map_err(|error| error.to_string())?;
    Keymap::default().with(&config.board.keys).map_err(|error| error.to_string())?;
    Ok(config)
}

#[test]
fn good_files_load() {
    for (path, text) in files("good") {
        if let Err(error) = checked(&text, &path) {
            panic!("{error}");
        }
    }
}

#[test]
fn each_bad_file_is_one_sentence_with_its_line() {
    for (path, text) in files("bad") {
        let expected = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# error: "))
            .expect("the expected sentence");
        let error = checked(&text, Path::new("c.toml")).expect_err(&path.display().to_string());
        assert_eq!(error, format!("c.toml {expected}"), "{}", path.display());
    }
}

#[test]
fn scheme_and_host_of_an_address_are_the_same_in_any_case() {
    let text = include_str!("../configs/good/localhost-in-capitals.toml");
    let config = Config::parse(text, Path::new("c.toml")).expect("it is good");
    assert_eq!(
        config.providers.first().map(|provider| provider.base_url.as_str()),
        Some("http://localhost:8080/Api")
    );
}

#[test]
fn broken_toml_names_its_line() {
    let error = Config::parse("[board]\nglyphs = \n", Path::new("c.toml"))
        .expect_err("it is broken")
        .to_string();
    assert!(error.starts_with("c.toml line 2: ") && !error.contains('\n'), "{error}");
}

#[test]
fn the_example_loads_and_shows_the_defaults() {
    let example = include_str!("../../config.example.toml");
    let config =
        Config::parse(example, Path::new("/etc/cardtop/config.toml")).expect("the example is good");
    let names: Vec<&str> = config.providers.iter().map(|provider| provider.name.name()).collect();
    assert_eq!(names, ["acme-eu", "bravo", "prepaid-in", "us"], "the order of the file is kept");
    assert_eq!(
        config.providers.iter().map(ProviderConfig::kind).collect::<Vec<_>>(),
        KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>(),
        "each kind has its example"
    );
    let first = config.providers.first().expect("an account");
    assert_eq!(first.roster.as_deref(), Some(Path::new("/etc/cardtop/acme-cards.csv")));

    let mut credentials = false;
    let kept = |line: &&str| {
        if line.starts_with('[') {
            credentials = line.contains(".credentials]");
        }
        !line.contains(" = ") || credentials || line.starts_with("kind") || line.contains("# you")
    };
    let bare: Vec<&str> = example.lines().filter(kept).collect();
    assert!(bare.len() + 10 < example.lines().count(), "most settings are left out");
    let bare = Config::parse(&bare.join("\n"), Path::new("/etc/cardtop/config.toml"))
        .expect("the rest is good");
    assert_eq!(
        format!("{config:#?}"),
        format!("{bare:#?}"),
        "what the example shows is what is so without it"
    );
}

#[test]
fn what_the_example_shows_for_every_account_is_so_without_it() {
    let example = include_str!("../../config.example.toml");
    let (_, rest) = example.split_once("# One table a provider account").expect("its heading");
    let (every, _) = rest.split_once("\n[providers.").expect("an account after it");
    let lines: Vec<&str> = every
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| !line.starts_with(' ') && line.contains(" = ") && !line.contains("# you"))
        .collect();
    assert!(lines.len() >= 5, "{lines:?}");
    let parse = |text: &str| {
        Config::parse(text, Path::new("/etc/cardtop/config.toml"))
            .unwrap_or_else(|error| panic!("{error}"))
    };
    for kind in KINDS {
        let line = format!("kind = \"{}\"\n", kind.name);
        let with = example.replace(&line, &format!("{line}{}\n", lines.join("\n")));
        assert_ne!(with, example, "{line}");
        assert_eq!(format!("{:#?}", parse(&with)), format!("{:#?}", parse(example)));
    }
}

#[test]
fn every_setting_of_every_kind_is_read() {
    let text = include_str!("../configs/good/every-kind.toml");
    let config = Config::parse(text, Path::new("/etc/cardtop/config.toml")).expect("it is good");
    let [artha, banana, enkash, ibanera, spelt @ ..] = config.providers.as_slice() else {
        panic!("four accounts")
    };
    assert_eq!(
        (config.board.glyphs, config.board.theme, config.board.clipboard),
        (Glyphs::Unicode, ThemeChoice::Light, Clipboard::Osc52)
    );
    assert_eq!(
        (config.board.lock_after, &*config.board.timezone),
        (Duration::from_secs(3_600), "UTC")
    );
    let in_memory = config.board.in_memory;
    let days = in_memory.age.map(|age| age.as_secs() / 86_400);
    assert_eq!((in_memory.rows, days), (2_000_000, Some(400)));
    assert_eq!(config.listen.addr.to_string(), "[::1]:0");
    assert_eq!(
        (artha.environment, artha.rate_limit, artha.read_only),
        (Environment::Sandbox, 5, true)
    );
    assert_eq!(
        (artha.poll.balances, artha.poll.transactions),
        (Duration::from_secs(120), Duration::from_millis(500))
    );
    assert_eq!(artha.timeout, Duration::from_secs(120));
    assert!(
        artha.pin_certificate.is_some() && artha.pin_certificate == banana.pin_certificate,
        "base64 and hexadecimal"
    );
    assert_eq!(enkash.base_url, "https://pay.example.com", "without the slash at its end");
    let artha = artha.settings_as::<artha::settings::Settings>().expect("artha");
    assert_eq!(
        (artha.customer_token, artha.all_transactions_path.as_deref()),
        (false, Some("Card/AllTransactions"))
    );
    let Source::File(key) = &artha.private_key else { panic!("a file") };
    assert_eq!(key, Path::new("/etc/cardtop/key.pem"), "an absolute path stays");
    let moved = &banana.spelling;
    let banana = banana.settings_as::<banana::settings::Settings>().expect("banana");
    assert_eq!(banana.secret_key_encoding, banana::settings::KeyEncoding::Base64);
    assert_eq!(moved.path(banana::settings::CONFIRM_3DS), "/card/confirm_3ds");
    let enkash = enkash.settings_as::<enkash::settings::Settings>().expect("enkash");
    assert_eq!(
        (enkash.encryption, enkash.load, &*enkash.card_account_id),
        (enkash::settings::BodyWrapping::Off, enkash::settings::Load::LoadMoney, "42")
    );
    let ibanera = ibanera.settings_as::<ibanera::settings::Settings>().expect("ibanera");
    assert_eq!(
        (ibanera.secret_encoding, ibanera.asset_account_id.as_deref()),
        (ibanera::settings::SecretEncoding::Ascii, Some("8204"))
    );
    assert_eq!(
        (ibanera.pays, ibanera.manager_id.as_deref()),
        (Some(ibanera::settings::Pays::Customer), Some("14380"))
    );
    assert_eq!(ibanera.deactivate_path, "/api/v1/customer/cards/suppress");

    let [artha, banana, enkash, ibanera] = spelt else { panic!("four more") };
    assert_eq!(
        artha.lists,
        Lists {
            first_page: 0,
            page_size: 10,
            span: Duration::from_secs(7 * 86_400),
            dates: Dates::UnixMillis,
            time_zone: "Asia/Kolkata".into(),
            ..Lists::default()
        }
    );
    assert_eq!(artha.spelling.path(artha::settings::TOP_UP), "Card/TopUp");
    assert_eq!(artha.spelling.path(artha::settings::FREEZE), "CardFreeze", "what is not set stays");
    assert_eq!(
        (artha.spelling.ours("TXTIME"), artha.spelling.theirs("cardStatus")),
        (Some("date"), "state")
    );
    assert_eq!(artha.spelling.card_state("in use"), Some(CardState::Active));
    let artha = artha.settings_as::<artha::settings::Settings>().expect("artha");
    assert_eq!(artha.signature.headers, ["timestamp", "nonce"]);
    assert_eq!((artha.signature.padding, artha.amount_decimals), (Padding::Pss, 3));
    assert_eq!((banana.lists.page_size, banana.lists.dates), (10, Dates::Day));
    let banana = banana.settings_as::<banana::settings::Settings>().expect("banana");
    assert_eq!(
        (banana.hmac_key_encoding, banana.hmac_text),
        (Some(banana::settings::KeyEncoding::Utf8), TextEncoding::HexUpper)
    );
    assert_eq!(enkash.lists.time_zone, "UTC");
    let enkash = enkash.settings_as::<enkash::settings::Settings>().expect("enkash");
    assert_eq!(
        (enkash.key_derivation, enkash.otp_required, &*enkash.envelope_field),
        (enkash::settings::KeyDerivation::Own, true, "data")
    );
    assert_eq!(enkash.pin_block, enkash::settings::PinBlock::Iso2);
    assert_eq!(enkash.unencrypted, ["search", "transactions"]);
    assert_eq!((ibanera.lists.page_size, ibanera.lists.outgoing), (25, Sign::Positive));
}

#[test]
fn no_mistake_repeats_what_may_be_a_secret() {
    for (path, text) in files("bad").into_iter().filter(|(_, text)| text.contains("hunter2")) {
        let error = checked(&text, &path).expect_err("it is bad");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

proptest! {
    #[test]
    fn whatever_is_damaged_the_answer_is_one_sentence_with_a_line(
        at in 0_usize..4_000,
        cut in 0_usize..40,
        put in "\\PC{0,6}|[\\[\\]{}=\".#a-z\n -]{0,12}",
    ) {
        let example = include_str!("../../config.example.toml");
        let boundary = |at: &usize| example.is_char_boundary(*at);
        let from = (0..=at.min(example.len())).rev().find(boundary).unwrap_or(0);
        let to = (from + cut..=example.len()).find(boundary).unwrap_or(example.len());
        let text = format!("{}{put}{}", &example[..from], &example[to..]);
        if let Err(ConfigError(words)) = Config::parse(&text, Path::new("c.toml")) {
            let line = words.strip_prefix("c.toml line ").and_then(|rest| rest.split_once(": "));
            let line: Option<usize> = line.and_then(|(line, _)| line.parse().ok());
            let last = text.matches('\n').count() + 1;
            prop_assert!(line.is_some_and(|line| line <= last), "{}", words);
            prop_assert!(!words.contains('\n'), "{}", words);
        }
    }
}
