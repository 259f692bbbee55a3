//! What is printed, word for word.

use jiff::tz::TimeZone;

use super::*;
use crate::cli::Format;
use crate::cli::print::{self, Record, View};
use crate::cli::samples::{at, card, money, operation, transaction};
use crate::config::Environment;
use crate::domain::card::{IdForm, Ids, ProviderId, Reading};
use crate::domain::completeness::Completeness;
use crate::domain::operation::{Capabilities, OperationId, PinRule, Proof, Support, TopUpSafety};
use crate::domain::transaction::{Transaction, TransactionState};
use crate::engine::{Health, HealthState, ProviderInfo, ProviderReport, Step};
use crate::provider::{Error, ErrorKind};

fn view(format: Format) -> View {
    View {
        format,
        color: false,
        terminal: false,
        now: at("2026-04-03T12:08:12Z"),
        zone: TimeZone::fixed(jiff::tz::offset(2)),
    }
}

#[test]
fn a_card_is_exactly_the_promised_object() {
    assert_eq!(
        card().json(),
        concat!(
            r#"{"provider":"acme","id":"c-1","last4":"4242","holder":"Mara Lindqvist","state":"ACTIVE","#,
            r#""provider_state":"Normal","state_as_of":"2026-04-03T12:08:08Z","kind":"physical","currency":"KWD","#,
            r#""balance":{"available":{"amount":"-12.400","currency":"KWD"},"current":{"amount":"0.000","currency":"KWD"},"#,
            r#""pending":null,"as_of":"2026-04-03T12:08:08Z"},"expires":"2028-11","labels":["vip","travel"]}"#
        )
    );
}

#[test]
fn what_is_not_known_of_a_card_is_null_and_never_zero() {
    assert_eq!(
        Card::unread(CardKey::new(&ProviderId::new("acme"), "c-1")).json(),
        concat!(
            r#"{"provider":"acme","id":"c-1","last4":null,"holder":null,"state":"UNKNOWN","provider_state":null,"#,
            r#""state_as_of":null,"kind":null,"currency":null,"balance":null,"expires":null,"labels":[]}"#
        )
    );
}

#[test]
fn a_transaction_is_exactly_the_promised_object() {
    let row = transaction();
    assert_eq!(
        Movement { transaction: &row, holder: "Mara Lindqvist" }.json(),
        concat!(
            r#"{"provider":"acme","id":"t-9","card_id":"c-1","last4":"4242","kind":"PURCHASE","state":"DECLINED","#,
            r#""provider_state":"DECLINED","amount":{"amount":"5000","currency":"JPY"},"#,
            r#""fee":{"amount":"0.30","currency":"USD"},"merchant":"LAWSON 5521","mcc":"5499","country":"JP","#,
            r#""decline_reason":"51","description":null,"at":"2026-04-03T12:05:09Z","#,
            r#""seen_at":"2026-04-03T12:05:15.25Z","operation":null}"#
        )
    );
    let bare = Transaction {
        card_id: None,
        last4: None,
        fee: None,
        merchant: None,
        mcc: None,
        country: None,
        ..row
    };
    let proving = Transaction {
        operation: Some(OperationId::new(at("2026-04-03T12:00:00Z"), 42, 1)),
        ..bare
    };
    let json = Movement { transaction: &proving, holder: "" }.json();
    for wanted in [
        r#""card_id":null,"last4":null"#,
        r#""fee":null,"merchant":null,"mcc":null,"country":null"#,
    ] {
        assert!(json.contains(wanted), "{json}");
    }
    assert!(json.ends_with(&format!(r#""operation":"{}"}}"#, operation().id)), "{json}");
}

#[test]
fn an_operation_is_exactly_the_promised_object() {
    let id = operation().id;
    assert_eq!(
        operation().json(),
        format!(
            concat!(
                r#"{{"id":"{id}","action":"topup","provider":"acme","card_id":"c-1","last4":"4242","#,
                r#""amount":{{"amount":"5.000","currency":"KWD"}},"state":"SENT","reason":"cover decline","#,
                r#""reference":"ct{id}","provider_reference":null,"operator":"anay","#,
                r#""created_at":"2026-04-03T12:00:00Z","updated_at":"2026-04-03T12:00:02.5Z","#,
                r#""detail":"sent, no answer yet","proof":null,"alarm":null}}"#
            ),
            id = id
        )
    );
}

#[test]
fn an_operation_is_shown_with_its_journal() {
    let step = Step {
        at: at("2026-04-03T12:00:00Z"),
        what: "intent".into(),
        words: "saved".into(),
        line: 17,
        hash: "9f3a".into(),
    };
    let json = operation_with_steps(&operation(), &[step]);
    let steps = r#""steps":[{"at":"2026-04-03T12:00:00Z","what":"intent","words":"saved","line":17,"hash":"9f3a"}]}"#;
    assert!(json.ends_with(steps), "{json}");
    assert!(json.starts_with(&operation().json().trim_end_matches('}').to_owned()), "{json}");
}

fn report() -> ProviderReport {
    let rule = PinRule {
        digits: None,
        needs_old: false,
        physical_only: false,
        sentence: "chosen by the provider",
    };
    let capabilities = Capabilities {
        list_cards: Support::Yes,
        list_all_transactions: Support::Yes,
        float: Support::Yes,
        quote: Support::Yes,
        freeze: Support::Yes,
        unfreeze: Support::Yes,
        top_up: Support::Yes,
        close: Support::No("not offered"),
        pin: Ok(rule),
        top_up_proof: Proof::ByReference,
        state_proof: Proof::ByState,
        pin_proof: Proof::AnswerOnly,
        class: TopUpSafety::Reference,
        top_up_min: None,
        top_up_decimals: None,
        names_payer: false,
        page_max: 100,
    };
    let id = ProviderId::new("acme");
    let info = ProviderInfo {
        ids: Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque },
        id: id.clone(),
        kind: "ibanera",
        environment: Environment::Production,
        read_only: false,
        capabilities: Some(capabilities),
        rate_limit: 120,
        proxy: None,
    };
    let health = Health {
        provider: id,
        state: HealthState::Ok,
        since: at("2026-04-03T12:00:00Z"),
        last_good: Some(at("2026-04-03T12:08:08Z")),
        next_try: None,
        why: Some("no answer an hour ago".into()),
        calls_last_minute: 4,
        errors_5m: 0,
        cards: Some(128),
        completeness: Completeness::default(),
        unmapped: BTreeMap::new(),
        roster: Vec::new(),
        skew: None,
        latency_ms: Some(120),
    };
    let float = vec![money("8114.2", "USD"), money("90", "EUR")];
    ProviderReport { info, health, float: Some(Ok((float, at("2026-04-03T12:08:08Z")))) }
}

#[test]
fn a_provider_is_an_object_with_its_float_and_what_it_can_do() {
    assert_eq!(
        report().json(),
        concat!(
            r#"{"provider":"acme","kind":"ibanera","environment":"production","state":"OK","#,
            r#""last_good":"2026-04-03T12:08:08Z","float":[{"amount":"8114.20","currency":"USD","as_of":"2026-04-03T12:08:08Z"},"#,
            r#"{"amount":"90.00","currency":"EUR","as_of":"2026-04-03T12:08:08Z"}],"cards":128,"#,
            r#""can":{"freeze":true,"unfreeze":true,"topup":true,"pin":true,"close":false},"proxy":null,"error":null,"#,
            r#""unmapped":{},"roster":[]}"#
        )
    );
}

#[test]
fn words_that_are_not_mapped_and_bad_lines_of_a_roster_are_shown_with_their_provider() {
    let mut report = report();
    report.health.unmapped.insert("Denied?".into(), 3);
    report.health.roster.push("acme.csv line 4: has no id; the line is skipped".into());
    let json = report.json();
    let end =
        r#""unmapped":{"Denied?":3},"roster":["acme.csv line 4: has no id; the line is skipped"]}"#;
    assert!(json.ends_with(end), "{json}");
    let table = print::list(&[report], &view(Format::Table));
    assert!(table.contains("not mapped: Denied? (3)"), "{table}");
}

#[test]
fn cards_that_were_never_listed_are_absent_and_never_none() {
    let mut report = report();
    report.health.cards = None;
    assert!(report.json().contains(r#""cards":null"#), "{}", report.json());
    assert_eq!(report.cells(&view(Format::Table)).get(5), Some(&"-".to_owned().into()));
    let csv = print::list(&[report], &view(Format::Csv));
    assert!(
        csv.lines().nth(1).is_some_and(|line| line.contains("2026-04-03T12:08:08Z,,freeze")),
        "{csv}"
    );
}

#[test]
fn a_proxy_on_the_way_is_named_in_every_form() {
    let mut report = report();
    report.info.proxy = Some("proxy.example:3128 (HTTPS_PROXY)".into());
    assert!(
        report.json().contains(r#""proxy":"proxy.example:3128 (HTTPS_PROXY)""#),
        "{}",
        report.json()
    );
    for format in [Format::Table, Format::Csv] {
        let text = print::list(std::slice::from_ref(&report), &view(format));
        assert!(text.contains("proxy.example:3128 (HTTPS_PROXY)"), "{text}");
    }
}

#[test]
fn a_provider_that_could_not_be_set_up_says_why_and_shows_no_float() {
    let mut report = report();
    report.info.capabilities = None;
    report.health.state = HealthState::Auth;
    report.health.why = Some("acme: the variable ACME_TOKEN is not set".into());
    report.float = None;
    let json = report.json();
    assert!(json.contains(r#""state":"AUTH""#) && json.contains(r#""float":null"#), "{json}");
    assert!(
        json.contains(r#""can":null,"proxy":null,"error":"the variable ACME_TOKEN is not set","#),
        "{json}"
    );
}

#[test]
fn a_float_that_is_not_offered_is_no_error_and_one_that_failed_is() {
    let mut report = report();
    let failed = |kind| Some(Err(Error::new(&ProviderId::new("acme"), kind, "no float here")));
    report.float = failed(ErrorKind::NotOffered);
    assert_eq!(trouble(&report), None);
    report.float = failed(ErrorKind::Unreachable);
    assert_eq!(trouble(&report).as_deref(), Some("no float here"));
}

#[test]
fn a_table_shows_amounts_by_their_currency_and_every_age() {
    let old = Card { balance: card().balance.stale(&"no answer".into()), ..card() };
    let never = Card { balance: Reading::Never, ..card() };
    let lines = print::list(&[card(), old, never], &view(Format::Table));
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.first(), Some(&"STATE   HOLDER          CARD    AVAILABLE  CCY  AGE  ID"));
    assert_eq!(
        lines.get(1),
        Some(&"ACTIVE  Mara Lindqvist  ..4242    -12.400  KWD   4s  acme/c-1")
    );
    assert_eq!(
        lines.get(2),
        Some(&"ACTIVE  Mara Lindqvist  ..4242   ~-12.400  KWD   4s  acme/c-1")
    );
    assert_eq!(
        lines.get(3),
        Some(&"ACTIVE  Mara Lindqvist  ..4242          -  KWD    -  acme/c-1")
    );
}

#[test]
fn the_feed_says_in_plain_words_what_happened() {
    let row = transaction();
    let table = print::list(
        &[Movement { transaction: &row, holder: "Mara Lindqvist" }],
        &view(Format::Table),
    );
    let line = table.lines().nth(1).expect("a row");
    let wanted = "2026-04-03 14:05:09+02:00  acme      ..4242  Mara Lindqvist  DECLINE   5,000  \
                  JPY  LAWSON 5521  not enough money";
    assert_eq!(line, wanted);
}

#[test]
fn a_state_word_that_is_not_mapped_is_said_and_nothing_is_claimed() {
    let state = TransactionState::Unknown;
    let row = Transaction {
        state,
        provider_state: "Zurückgestellt".into(),
        decline_reason: None,
        ..transaction()
    };
    assert_eq!((row.what(), row.state.as_str()), ("PURCHASE", "UNKNOWN"));
    assert_eq!(row.in_plain_words(), "not mapped: Zurückgestellt");
    let row = Transaction { provider_state: "".into(), ..row };
    assert_eq!(row.in_plain_words(), "no state sent");
}

#[test]
fn csv_keeps_negative_amounts_as_numbers_and_times_in_utc() {
    let csv = print::list(&[card()], &view(Format::Csv));
    let line = "acme,c-1,4242,Mara \
                Lindqvist,ACTIVE,Normal,2026-04-03T12:08:08Z,physical,KWD,-12.400,0.000,,\
                2026-04-03T12:08:08Z,2028-11,vip;travel";
    assert_eq!(csv.lines().nth(1), Some(line));
    let csv = print::list(&[operation()], &view(Format::Csv));
    assert!(
        csv.lines().nth(1).is_some_and(|line| line.contains(",5.000,KWD,SENT,cover decline,")),
        "{csv}"
    );
}

#[test]
fn every_row_has_a_cell_a_column_and_a_field_a_header() {
    fn check<R: Record>(row: &R) {
        assert_eq!(row.cells(&view(Format::Table)).len(), R::COLUMNS.len());
        assert_eq!(row.fields().len(), R::FIELDS.len());
    }
    check(&card());
    check(&operation());
    check(&report());
    check(&Movement { transaction: &transaction(), holder: "" });
    let step = Step {
        at: at("2026-04-03T12:00:00Z"),
        what: "sent".into(),
        words: "".into(),
        line: 1,
        hash: "a".into(),
    };
    check(&Line(&step));
}
