//! What is printed, word for word.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::json::object;
use super::samples::{at, card, money, operation, transaction};
use super::table::{Paint, table};
use super::*;
use crate::domain::card::{Card, CardKey, ProviderId, Reading};
use crate::domain::completeness::Completeness;
use crate::domain::operation::{
    ActionKind, Capabilities, Operation, OperationId, PinRule, Proof, Step, Support, TopUpSafety,
};
use crate::domain::transaction::{Transaction, TransactionState};
use crate::domain::unmapped::UnmappedWords;
use crate::domain::workload::Workload;

fn view() -> View {
    View {
        color: false,
        terminal: false,
        now: at("2026-04-03T12:08:12Z"),
        zone: TimeZone::fixed(jiff::tz::offset(2)),
    }
}

#[test]
fn a_card_is_exactly_the_promised_object() {
    assert_eq!(
        object(&card()),
        concat!(
            r#"{"provider":"acme","id":"c-1","last4":"4242","holder":"Mara Lindqvist","#,
            r#""state":"ACTIVE","#,
            r#""provider_state":"Normal","state_as_of":"2026-04-03T12:08:08Z","#,
            r#""kind":"physical","currency":"KWD","#,
            r#""balance":{"available":{"amount":"-12.400","currency":"KWD"},"#,
            r#""current":{"amount":"0.000","currency":"KWD"},"#,
            r#""pending":null,"as_of":"2026-04-03T12:08:08Z"},"expires":"2028-11","#,
            r#""labels":["vip","travel"]}"#
        )
    );
}

#[test]
fn what_is_not_known_of_a_card_is_null_and_never_zero() {
    assert_eq!(
        object(&Card::unread(CardKey::new(&ProviderId::new("acme"), "c-1"))),
        concat!(
            r#"{"provider":"acme","id":"c-1","last4":null,"holder":null,"state":"UNKNOWN","#,
            r#""provider_state":null,"#,
            r#""state_as_of":null,"kind":null,"currency":null,"balance":null,"expires":null,"#,
            r#""labels":[]}"#
        )
    );
}

#[test]
fn a_transaction_is_exactly_the_promised_object() {
    let row = transaction();
    assert_eq!(
        object(&row),
        concat!(
            r#"{"provider":"acme","id":"t-9","card_id":"c-1","last4":"4242","kind":"PURCHASE","#,
            r#""state":"DECLINED","#,
            r#""provider_state":"DECLINED","amount":{"amount":"5000","currency":"JPY"},"#,
            r#""fee":{"amount":"0.30","currency":"USD"},"merchant":"LAWSON 5521","mcc":"5499","#,
            r#""country":"JP","#,
            r#""decline_reason":"51","description":null,"at":"2026-04-03T12:05:09Z","#,
            r#""seen_at":"2026-04-03T12:05:15.25Z","operation":null,"#,
            r#""decline":"not-enough-money","decline_words":"not enough money","#,
            r#""decline_say":"The shop asked 5,000, more than was on the card.","#,
            r#""decline_say_verified":null}"#
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
    let json = object(&proving);
    for wanted in [
        r#""card_id":null,"last4":null"#,
        r#""fee":null,"merchant":null,"mcc":null,"country":null"#,
    ] {
        assert!(json.contains(wanted), "{json}");
    }
    assert!(json.contains(&format!(r#""operation":"{}","#, operation().id)), "{json}");
}

#[test]
fn an_operation_is_exactly_the_promised_object() {
    let id = operation().id;
    assert_eq!(
        object(&operation()),
        format!(
            concat!(
                r#"{{"id":"{id}","action":"topup","provider":"acme","card_id":"c-1","#,
                r#""last4":"4242","#,
                r#""amount":{{"amount":"5.000","currency":"KWD"}},"state":"SENT","#,
                r#""reason":"cover decline","#,
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
    let json = json::object_with_list(&operation(), "steps", &[step()]);
    let steps = concat!(
        r#""steps":[{"at":"2026-04-03T12:00:00Z","what":"intent","words":"saved","line":17,"#,
        r#""hash":"9f3a"}]}"#
    );
    assert!(json.ends_with(steps), "{json}");
    assert!(json.starts_with(&object(&operation()).trim_end_matches('}').to_owned()), "{json}");
}

fn step() -> Step {
    Step {
        at: at("2026-04-03T12:00:00Z"),
        kind: "intent".into(),
        words: "saved".into(),
        line: 17,
        hash: "9f3a".into(),
    }
}

fn facts() -> ProviderFacts {
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
        calls_per_card: 1,
    };
    ProviderFacts {
        provider: ProviderId::new("acme"),
        kind: "ibanera",
        environment: ProviderEnvironment { word: "production", short: "PROD" },
        health: ProviderHealth { word: "OK", paint: Paint::Good },
        last_good: Some(at("2026-04-03T12:08:08Z")),
        float: Some((vec![money("8114.2", "USD"), money("90", "EUR")], at("2026-04-03T12:08:08Z"))),
        cards: Some(128),
        workload: Some(Workload {
            cards: 128,
            page: Some(100),
            common_feed: true,
            calls_per_card: 1,
            per_minute: 120,
            balances_every: SignedDuration::from_secs(30),
            transactions_every: SignedDuration::from_secs(15),
            unseen_every: (SignedDuration::from_secs(120), SignedDuration::from_secs(120)),
            reads_history: false,
        }),
        capabilities: Some(capabilities),
        proxy: None,
        error: None,
        unmapped: UnmappedWords::default(),
        roster: Vec::new(),
    }
}

#[test]
fn a_provider_is_an_object_with_its_float_and_what_it_can_do() {
    assert_eq!(
        object(&facts()),
        concat!(
            r#"{"provider":"acme","kind":"ibanera","environment":"production","state":"OK","#,
            r#""last_good":"2026-04-03T12:08:08Z","float":[{"amount":"8114.20","#,
            r#""currency":"USD","as_of":"2026-04-03T12:08:08Z"},"#,
            r#"{"amount":"90.00","currency":"EUR","as_of":"2026-04-03T12:08:08Z"}],"cards":128,"#,
            r#""cards_within_s":30,"visible_within_s":30,"#,
            r#""can":{"freeze":true,"unfreeze":true,"topup":true,"pin":true,"close":false},"#,
            r#""proxy":null,"error":null,"#,
            r#""unmapped":{},"roster":[],"unmapped_declines":{}}"#
        )
    );
}

#[test]
fn words_that_are_not_mapped_and_bad_lines_of_a_roster_are_shown_with_their_provider() {
    let mut facts = facts();
    facts.unmapped.states.insert("Denied?".into(), 3);
    facts.unmapped.decline_codes.insert("R77".into(), 2);
    facts.roster.push("acme.csv line 4: has no id; the line is skipped".into());
    let json = object(&facts);
    let end = concat!(
        r#""unmapped":{"Denied?":3},"#,
        r#""roster":["acme.csv line 4: has no id; the line is skipped"],"#,
        r#""unmapped_declines":{"R77":2}}"#
    );
    assert!(json.ends_with(end), "{json}");
    let table = table([Row::from(&facts)], &view());
    assert!(table.contains("not mapped: Denied? (3), not mapped: R77 (2)"), "{table}");
}

#[test]
fn cards_that_were_never_listed_are_absent_and_never_none() {
    let mut facts = facts();
    (facts.cards, facts.workload) = (None, None);
    assert!(object(&facts).contains(r#""cards":null"#), "{}", object(&facts));
    let table = table([Row::from(&facts)], &view());
    let line = table.lines().nth(1).unwrap_or_default();
    assert_eq!(line.split_whitespace().nth(5), Some("-"), "{table}");
    let csv = csv::document([Row::from(&facts)]);
    assert!(
        csv.lines().nth(1).is_some_and(|line| line.contains("2026-04-03T12:08:08Z,,,,freeze")),
        "{csv}"
    );
}

#[test]
fn a_proxy_on_the_way_is_named_in_every_form() {
    let mut facts = facts();
    facts.proxy = Some("proxy.example:3128 (HTTPS_PROXY)".into());
    assert!(
        object(&facts).contains(r#""proxy":"proxy.example:3128 (HTTPS_PROXY)""#),
        "{}",
        object(&facts)
    );
    for text in [table([Row::from(&facts)], &view()), csv::document([Row::from(&facts)])] {
        assert!(text.contains("proxy.example:3128 (HTTPS_PROXY)"), "{text}");
    }
}

#[test]
fn a_provider_that_could_not_be_set_up_says_why_and_shows_no_float() {
    let error = Some("the variable ACME_TOKEN is not set".to_owned());
    let facts = ProviderFacts { capabilities: None, float: None, error, ..facts() };
    let json = object(&facts);
    assert!(json.contains(r#""float":null"#), "{json}");
    assert!(
        json.contains(r#""can":null,"proxy":null,"error":"the variable ACME_TOKEN is not set","#),
        "{json}"
    );
}

#[test]
fn a_table_shows_amounts_by_their_currency_and_every_age() {
    let old = Card { balance: card().balance.stale(&"no answer".into()), ..card() };
    let never = Card { balance: Reading::Never, ..card() };
    let lines = table([&card(), &old, &never].map(Row::from), &view());
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
fn a_decline_carries_its_code_its_reason_and_what_a_caller_may_hear() {
    let fields = |code: Option<&str>| {
        let row = Transaction { decline_reason: code.map(Into::into), ..transaction() };
        let json: serde_json::Value = serde_json::from_str(&object(&row)).expect("JSON");
        let field = |name: &str| json[name].as_str().map(str::to_owned);
        (
            field("decline_reason"),
            field("decline"),
            field("decline_words").expect("words of every decline"),
            field("decline_say").expect("a sentence for every decline"),
            field("decline_say_verified"),
        )
    };
    let neutral =
        "The purchase was not approved. I need to verify who you are before I can say more.";
    for (code, decline, words, verified) in [
        ("N7", Some("wrong-cvv"), "wrong security code (CVV)", true),
        ("R77", None, "not mapped: R77", false),
    ] {
        let (sent, reason, said, say, say_verified) = fields(Some(code));
        assert_eq!((sent.as_deref(), reason.as_deref()), (Some(code), decline));
        assert_eq!((&*said, &*say, say_verified.is_some()), (words, neutral, verified));
    }
    let (sent, reason, said, say, _) = fields(None);
    assert_eq!((sent, reason, &*said, &*say), (None, None, "declined, no reason sent", neutral));
}

#[test]
fn the_feed_says_in_plain_words_what_happened() {
    let row = transaction();
    let table = table([Row { record: &row, holder: "Mara Lindqvist" }], &view());
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
    let csv = csv::document([Row::from(&card())]);
    let line = "acme,c-1,4242,Mara \
                Lindqvist,ACTIVE,Normal,2026-04-03T12:08:08Z,physical,KWD,-12.400,0.000,,\
                2026-04-03T12:08:08Z,2028-11,vip;travel";
    assert_eq!(csv.lines().nth(1), Some(line));
    let csv = csv::document([Row::from(&operation())]);
    assert!(
        csv.lines().nth(1).is_some_and(|line| line.contains(",5.000,KWD,SENT,cover decline,")),
        "{csv}"
    );
}

#[test]
fn every_field_says_what_it_is_and_is_null_only_where_it_says_when() {
    fn check<T: Record>(record: &T) {
        for field in T::FIELDS {
            let name = field.name();
            assert!(!field.doc().is_empty() && !field.doc().ends_with('.'), "{name}");
            let value = field.value(record.into());
            assert!(value != Value::Null || field.null_when().is_some(), "{name} is null");
            if let (Kind::Word(words), Value::Text(word)) = (field.kind(), &value) {
                assert!(words().contains(word), "{name}: {word}");
            }
        }
        let headers = csv::headers::<T>();
        let csv = csv::document([Row::from(record)]);
        let header = csv.lines().next().unwrap_or_default();
        assert_eq!(header.trim_matches('"'), headers.join(","), "one column a header");
        assert!(headers.iter().all(|one| headers.iter().filter(|two| *two == one).count() == 1));
    }
    check(&card());
    check(&Card::unread(CardKey::new(&ProviderId::new("acme"), "c-1")));
    check(&operation());
    check(&facts());
    let bare = ProviderFacts { last_good: None, cards: None, float: None, ..facts() };
    check(&ProviderFacts { capabilities: None, workload: None, ..bare });
    check(&transaction());
    check(&step());
    check(&DeliveryReport {
        provider: "acme".into(),
        event: None,
        id: None,
        card: None,
        accepted: false,
        reason: Some("the signature is wrong".into()),
        received_at: at("2026-04-03T12:08:08Z"),
    });
    check(&JournalCheck { lines: 0, last_hash: "a".to_owned(), noted: None });
    check(&failure());
    check(&planned());
    check(&heartbeat());
    check(&finding());
    check(&health_news());
    check(&StateBefore::default());
    check(&RowBefore::default());
    check(&Missing {
        completeness: Completeness::default(),
        old_states: vec![card()],
        from_data_file: Vec::new(),
    });
}

fn heartbeat() -> Heartbeat {
    let account = AccountPulse {
        provider: ProviderId::new("acme"),
        state: "DOWN",
        as_of: Some(at("2026-04-03T12:08:08Z")),
        stale: true,
        error: Some("no answer".into()),
    };
    let (at, as_of) = (at("2026-04-03T12:08:42Z"), account.as_of);
    Heartbeat { at, as_of, receiving: false, accounts: vec![account] }
}

fn health_news() -> HealthNews {
    HealthNews {
        provider: ProviderId::new("acme"),
        state: "DOWN",
        since: at("2026-04-03T12:08:20Z"),
        last_good: None,
        next_try: None,
        error: Some("no answer".into()),
    }
}

#[test]
fn a_line_of_a_stream_has_its_kind_first_and_then_the_same_bytes_as_its_record() {
    let row = transaction();
    let before = RowBefore { was: Some("HOLD"), amount: Some(money("4000", "JPY")) };
    let record = object(&row);
    let wanted = format!(
        r#"{{"type":"transaction",{},"was":"HOLD","was_amount":{}}}"#,
        record.trim_start_matches('{').trim_end_matches('}'),
        r#"{"amount":"4000","currency":"JPY"}"#
    );
    assert_eq!(json::typed("transaction", &row, &before), wanted);
    let line = json::typed("health", &health_news(), &StateBefore { was: Some("OK") });
    assert_eq!(
        line,
        concat!(
            r#"{"type":"health","provider":"acme","state":"DOWN","since":"2026-04-03T12:08:20Z","#,
            r#""last_good":null,"next_try":null,"error":"no answer","was":"OK"}"#
        )
    );
    assert_eq!(
        json::typed("heartbeat", &heartbeat(), &()),
        concat!(
            r#"{"type":"heartbeat","at":"2026-04-03T12:08:42Z","complete":false,"#,
            r#""as_of":"2026-04-03T12:08:08Z","receiving":false,"#,
            r#""providers":[{"provider":"acme","state":"DOWN","as_of":"2026-04-03T12:08:08Z","#,
            r#""stale":true,"error":"no answer"}]}"#
        )
    );
}

fn finding() -> Finding {
    Finding {
        level: Level::Fail,
        check: Check::Clock,
        provider: Some(ProviderId::new("acme")),
        what: "the provider's is 600 s ahead of this machine's".to_owned(),
        advice: Some("set this machine's clock".to_owned()),
        took: Some(std::time::Duration::from_millis(12)),
    }
}

#[test]
fn a_finding_says_how_bad_it_is_and_what_to_do() {
    let wanted = concat!(
        r#"{"level":"FAIL","check":"clock","provider":"acme","#,
        r#""what":"the provider's is 600 s ahead of this machine's","#,
        r#""do":"set this machine's clock","took_ms":12}"#
    );
    assert_eq!(object(&finding()), wanted);
    let fine = Finding { level: Level::Ok, provider: None, advice: None, took: None, ..finding() };
    assert!(object(&fine).ends_with(r#""do":null,"took_ms":null}"#), "{}", object(&fine));
}

fn failure() -> Failure {
    Failure {
        kind: FailureKind::Ambiguous,
        provider: None,
        card: None,
        operation: None,
        message: "4242 fits 2 cards: write one of them".to_owned(),
        true_now: "nothing was changed".to_owned(),
        candidates: vec!["acme/c-1".to_owned(), "bravo/42".to_owned()],
    }
}

fn planned() -> PlannedChange {
    PlannedChange {
        action: ActionKind::TopUp,
        card: card(),
        amount: Some(money("5", "KWD")),
        fee: None,
        payer: None,
        reason: None,
        missing_flags: vec!["--yes".to_owned()],
    }
}

#[test]
fn a_failure_is_one_object_under_its_name() {
    let wanted = concat!(
        r#"{"error":{"kind":"ambiguous","provider":null,"card":null,"#,
        r#""message":"4242 fits 2 cards: write one of them","true_now":"nothing was changed","#,
        r#""operation":null,"candidates":["acme/c-1","bravo/42"]}}"#
    );
    assert_eq!(json::named("error", &failure()), wanted);
    let words: std::collections::BTreeSet<_> = FailureKind::ALL.map(FailureKind::as_str).into();
    assert_eq!(words.len(), FailureKind::ALL.len(), "each kind has its own word");
}

#[test]
fn a_change_that_would_be_sent_says_what_it_is_in_every_format() {
    let wanted = concat!(
        r#"{"would":{"action":"topup","provider":"acme","card_id":"c-1","last4":"4242","#,
        r#""holder":"Mara Lindqvist","state":"ACTIVE","state_as_of":"2026-04-03T12:08:08Z","#,
        r#""amount":{"amount":"5.000","currency":"KWD"},"fee":null,"payer":null,"reason":null,"#,
        r#""missing_flags":["--yes"]}}"#
    );
    assert_eq!(json::named("would", &planned()), wanted);
    let csv = csv::document([Row::from(&planned())]);
    let line =
        "topup,acme,c-1,4242,Mara Lindqvist,ACTIVE,2026-04-03T12:08:08Z,5.000,KWD,,,,,'--yes";
    assert_eq!(csv.lines().nth(1), Some(line));
}

#[test]
fn what_may_be_absent_is_null_and_never_an_empty_text() {
    let row = Transaction {
        merchant: Some("".into()),
        country: Some("".into()),
        description: Some("".into()),
        ..transaction()
    };
    let json = object(&row);
    assert!(!json.contains(r#":"""#), "{json}");
    let operation = Operation { detail: Some("".into()), reason: Some("".into()), ..operation() };
    assert!(!object(&operation).contains(r#":"""#), "{}", object(&operation));
}

#[test]
fn a_journal_that_is_intact_is_an_object_and_a_line_of_csv() {
    let check = JournalCheck { lines: 17, last_hash: "9f3a".to_owned(), noted: Some(12) };
    let json = r#"{"intact":true,"lines":17,"last_hash":"9f3a","noted_lines":12}"#;
    assert_eq!(object(&check), json);
    let csv = "intact,lines,last_hash,noted_lines\ntrue,17,9f3a,12\n";
    assert_eq!(csv::document([Row::from(&check)]), csv);
    let unnoted = JournalCheck { noted: None, ..check };
    assert!(object(&unnoted).ends_with(r#""noted_lines":null}"#));
}

#[test]
fn a_list_is_one_document_with_a_line_a_record() {
    assert_eq!(json::array::<Card>([]), "[]\n");
    let lines = json::array([Row::from(&card()), Row::from(&card())]);
    assert_eq!(lines, format!("[\n{0},\n{0}\n]\n", object(&card())));
}
