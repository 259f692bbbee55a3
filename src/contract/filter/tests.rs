//! What the filter language promises of cardtop's own fields, in the operator's words.

use super::fields::{field_kind, names};
use super::*;
use crate::contract::Record;
use crate::domain::card::{Balance, Card, CardKey, CardState, ProviderId, Reading};
use crate::domain::filter::FieldKind;
use crate::domain::money::{Currency, Money};
use crate::domain::operation::Operation;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use jiff::SignedDuration;
use proptest::prelude::*;
use rust_decimal::Decimal;

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

fn filter_of(rows: Rows, text: &str) -> Filter {
    parse(rows, text, now(), &TimeZone::UTC).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn filter(text: &str) -> Filter {
    filter_of(Rows::Feed, text)
}

/// What completion offers, without the values of any row.
fn offers(rows: Rows, text: &str, cursor: usize) -> Vec<String> {
    complete(rows, text, cursor, &|_| Vec::new()).offers
}

/// The transactions of every card.
#[derive(Debug)]
struct Paid(Vec<Transaction>);

impl History for Paid {
    fn any_transaction(&self, _: &CardKey, test: &mut dyn FnMut(&Transaction) -> bool) -> bool {
        self.0.iter().any(test)
    }
}

fn usd(text: &str) -> Money {
    Money::parse_wire(text, "USD".parse::<Currency>().expect("a currency")).expect("an amount")
}

fn decline() -> Transaction {
    Transaction {
        card_id: Some("c1".into()),
        last4: "4242".parse().ok(),
        kind: TransactionKind::Purchase,
        state: TransactionState::Declined,
        provider_state: "DECLINED".into(),
        merchant: Some("ICA MAXI STOCKHOLM".into()),
        mcc: Some("5411".into()),
        country: Some("SE".into()),
        decline_reason: Some("INSUFFICIENT_FUNDS".into()),
        seen_at: now(),
        ..Transaction::new(
            ProviderId::new("acme"),
            "t-77".into(),
            usd("41.90"),
            "2026-04-03T12:05:09Z".parse().expect("a time"),
        )
    }
}

fn accepts(text: &str) -> bool {
    filter(text).matches(&TransactionRow {
        transaction: &decline(),
        holder: "Mara Müller-Lindqvist",
        now: now(),
    })
}

#[test]
fn the_forms_of_the_language_match_what_they_say() {
    for text in [
        "",
        "4242",
        "..4242",
        "maxi",
        "MULLER",
        "müller",
        "\"ica maxi\"",
        "status:declined",
        "state:DECLINED",
        "state:hold|declined",
        "merchant:~maxi",
        "merchant:\"ica maxi stockholm\"",
        "amount>41.89",
        "amount>=41.9 amount<=41.90",
        "amount:41.9",
        "amount:41.90",
        "amount:7|41.900",
        "type:~purch",
        "-merchant:~uber",
        "ccy:USD|EUR",
        "(type:topup or type:purchase) last4:4242",
        "uber or maxi",
        "since:15m",
        "since:today until:2026-04-03T13:00",
        "since:2026-04-03 age>30s age<5m",
        "card:acme/c1",
        "provider:acme mcc:5411 country:se",
        "--4242",
        "decline_reason:~funds",
    ] {
        assert!(accepts(text), "{text}");
    }
    for text in [
        "4243",
        "\"maxi ica\"",
        "status:cleared",
        "amount>41.90",
        "amount<41.9",
        "merchant:maxi",
        "-4242",
        "-..4242",
        "since:2m",
        "until:today",
        "ccy:EUR",
        "uber or lidl",
        "is:negative",
        "maxi -4242",
        "amount:4",
        "fee:0",
    ] {
        assert!(!accepts(text), "{text}");
    }
}

#[test]
fn a_top_up_is_found_however_it_is_spelled() {
    let row = Transaction { kind: TransactionKind::TopUp, ..decline() };
    for text in ["type:topup", "kind:top-up", "kind:TOP-UP", "kind:~topu", "kind:fee|~p-up"] {
        assert!(
            filter(text).matches(&TransactionRow { transaction: &row, holder: "", now: now() }),
            "{text}"
        );
    }
}

#[test]
fn names_are_found_without_their_accents_and_other_vowels_are_kept_apart() {
    for (written, typed) in [
        ("Søren Kjærgaard", "soren kjaergaard"),
        ("Łukasz Żak", "LUKASZ ZAK"),
        ("Weiß", "weiss"),
        ("Νίκος", "ΝΙΚΟΣ"),
        ("İpek Işık", "ipek isik"),
        ("ﬁnance", "finance"),
        ("Jos\u{65}\u{301}", "josé"),
    ] {
        let quoted = format!("\"{typed}\"");
        assert!(
            filter(&quoted).matches(&TransactionRow {
                transaction: &decline(),
                holder: written,
                now: now()
            }),
            "{written}"
        );
    }
}

#[test]
fn mistakes_are_one_sentence_at_their_place() {
    for (text, at, words) in [
        ("colour:red", 0, "no field `colour`"),
        ("maxi status:", 5, "a value is missing behind `status`"),
        ("(maxi", 0, "not closed"),
        ("maxi)", 4, "without its ("),
        ("amount>ten", 0, "not a number"),
        ("merchant>5", 0, "is text"),
        ("since:soon", 0, "not a time"),
        ("is:blue", 0, "is: with one of unknown negative"),
        ("a or", 4, "something is missing"),
        ("\"open", 0, "not closed"),
        ("age:5", 0, "compare ages"),
        (":x", 0, "name is missing"),
        ("maxi -", 5, "missing behind the -"),
        ("maxi - uber", 5, "missing behind the -"),
        ("maxi (-)", 6, "missing behind the -"),
        ("maxi \"\"", 5, "nothing between the quotes"),
        ("merchant:~", 0, "a value is missing behind `merchant`"),
        ("merchant:uber|", 0, "a value is missing behind `merchant`"),
        ("amount:ten", 0, "`ten` is not a number"),
        ("amount:1,200", 0, "is not a number"),
        ("amount=20", 0, "write amount:20"),
        ("since>2h", 0, "write since:value"),
        ("é colour:red", 3, "no field `colour`"),
    ] {
        let error = parse(Rows::Feed, text, now(), &TimeZone::UTC).expect_err(text);
        assert!(error.at == at && error.message.contains(words), "{text}: {error:?}");
    }
}

#[test]
fn flags_and_numbers_of_cards() {
    let key = CardKey::new(&ProviderId::new("acme"), "c9");
    let value = Balance { available: Some(usd("-7.15")), current: Some(usd("5")), pending: None };
    let at = now().checked_sub(SignedDuration::from_secs(40)).expect("a time");
    let balance = Reading::At { value, at }.stale(&"down".into());
    let card = Card {
        state: CardState::Active,
        balance,
        labels: vec!["vip".into()].into(),
        ..Card::unread(key)
    };
    let row = CardRow {
        card: (&card).into(),
        now: now(),
        watched: Membership::Known(true),
        marked: Membership::Known(false),
        unknown: false,
        history: &Paid(Vec::new()),
        searched: None,
    };
    for (text, expected) in [
        ("is:negative is:stale is:watched", true),
        ("is:marked", false),
        ("balance<0", true),
        ("current>4", true),
        ("age>30s", true),
        ("age>60s", false),
        ("label:VIP", true),
        ("state:active -is:low", true),
        ("pending>0", false),
    ] {
        assert_eq!(filter_of(Rows::Cards, text).matches(&row), expected, "{text}");
    }
}

#[test]
fn what_is_read_can_be_narrowed_by_since() {
    let hours = |text: &str| filter(text).since().map(|at| now().duration_since(at).as_hours());
    // Cards without such a transaction: all that is known is asked.
    let cards = |text| parse(Rows::Cards, text, now(), &TimeZone::UTC).expect(text).since();
    assert!(cards("since:2d merchant:~rewe").is_some());
    assert!(cards("since:2d -merchant:~rewe").is_none());
    assert_eq!(hours("since:2h"), Some(2));
    assert_eq!(hours("maxi since:2h since:8h"), Some(2));
    assert_eq!(hours("since:2h or since:8h"), Some(8));
    assert_eq!(hours("since:2h or maxi"), None);
    assert_eq!(hours("-since:2h"), None);
}

#[test]
fn words_are_completed() {
    let offers = |text: &str, cursor| offers(Rows::Feed, text, cursor);
    assert_eq!(offers("sta", 3), ["state:", "status:"]);
    assert_eq!(offers("maxi status:de", 14), ["declined"]);
    assert_eq!(offers("status:hold|cl", 14), ["cleared"]);
    assert_eq!(offers("-is:un", 6), ["unknown"]);
    assert_eq!(offers("(STA", 4), ["state:", "status:"]);
    assert_eq!(offers("--wh", 4), ["who:"]);
    assert_eq!(offers("ag", 2), ["age>"], "an age is compared");
    assert_eq!(offers("kind:~TOP", 9), ["top-up"]);
    assert_eq!(offers("é", 1), offers("", 0), "a cursor inside a character stands before it");
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused_at_a_position_inside_it(
        text in "[a-z:<>~|()\"\\- 0-9é.]{0,40}|\\PC{0,30}",
    ) {
        match parse(Rows::Feed, &text, now(), &TimeZone::UTC) {
            Ok(filter) => _ = filter.matches(&TransactionRow {
                transaction: &decline(),
                holder: "",
                now: now(),
            }),
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.at));
                prop_assert!(!error.message.is_empty());
            }
        }
        let _ = offers(Rows::Cards, &text, text.len() / 2);
    }

    #[test]
    fn not_not_is_yes_and_or_is_the_union(a in term(), b in term()) {
        prop_assert_eq!(accepts(&format!("--{a}")), accepts(&a));
        prop_assert_eq!(accepts(&format!("-{a}")), !accepts(&a));
        prop_assert_eq!(accepts(&format!("{a} or {b}")), accepts(&a) || accepts(&b));
        prop_assert_eq!(accepts(&format!("{a} {b}")), accepts(&a) && accepts(&b));
        prop_assert_eq!(accepts(&format!("-({a} or {b})")), accepts(&format!("-{a} -{b}")));
        prop_assert_eq!(accepts(&a.to_uppercase()), accepts(&a));
    }

    #[test]
    fn comparisons_are_those_of_decimals(units in -100_000_i64..100_000, scale in 0_u32..4) {
        let number = Decimal::new(units, scale);
        prop_assert_eq!(accepts(&format!("amount>{number}")), Decimal::new(4190, 2) > number);
        prop_assert_eq!(accepts(&format!("amount<={number}")), Decimal::new(4190, 2) <= number);
        prop_assert_eq!(accepts(&format!("amount:{number}")), Decimal::new(4190, 2) == number);
    }
}

fn term() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "maxi".to_owned(),
        "uber".to_owned(),
        "state:declined".to_owned(),
        "state:hold|cleared".to_owned(),
        "amount>40".to_owned(),
        "amount<40".to_owned(),
        "merchant:~stock".to_owned(),
        "ccy:eur".to_owned(),
        "(maxi or lidl)".to_owned(),
        "is:negative".to_owned(),
    ])
}

#[test]
fn completion_offers_the_fields_and_words_of_the_rows_in_a_fixed_order() {
    let all = |rows| offers(rows, "", 0).join(" ");
    let others = " age> since: until: is: status: type: ccy:";
    for (rows, fields) in [
        (
            Rows::Cards,
            "state: kind: amount> balance> available> current> pending> fee> currency: merchant: \
             mcc: country: provider: card: card_id: id: last4: holder: label: provider_state: \
             decline_reason: description: operation: reason: expires:",
        ),
        (
            Rows::Transactions,
            "state: kind: amount> fee> currency: merchant: mcc: country: provider: card: card_id: \
             id: last4: holder: provider_state: decline_reason: description: operation: reason:",
        ),
        (
            Rows::Operations,
            "state: kind: amount> currency: provider: card: card_id: id: last4: holder: \
             description: action: operator: operation: reference: provider_reference: reason: \
             detail:",
        ),
    ] {
        let names = all(rows);
        // A field that was added since stands between them.
        assert!(names.starts_with(fields) && names.contains(others), "{rows:?}: {names}");
    }
    let words = |rows, text: &str| offers(rows, text, text.len()).join(" ");
    assert_eq!(
        words(Rows::Cards, "status:"),
        "active frozen blocked pending closed expired unknown hold cleared declined reversed \
         failed"
    );
    assert_eq!(
        words(Rows::Feed, "type:"),
        "purchase refund reversal fee top-up withdrawal adjustment other freeze unfreeze pin close"
    );
    assert_eq!(words(Rows::Operations, "action:"), "freeze unfreeze topup pin close");
    assert_eq!(words(Rows::Cards, "is:"), "stale unknown watched marked negative low");
    assert_eq!(words(Rows::ReadCards, "is:"), "stale unknown negative low");
    assert_eq!(words(Rows::Operations, "is:"), "unknown");
    assert_eq!(words(Rows::Feed, "since:"), "15m 1h 8h 24h 2d today yesterday");
}

#[test]
fn a_field_of_transactions_asks_for_cards_with_one_such_transaction() {
    let key = CardKey::new(&ProviderId::new("acme"), "c1");
    let card = Card { state: CardState::Frozen, ..Card::unread(key) };
    let cleared = Transaction {
        state: TransactionState::Cleared,
        merchant: Some("LIDL".into()),
        decline_reason: None,
        ..decline()
    };
    let history = Paid(vec![cleared, decline()]);
    let row = CardRow {
        card: (&card).into(),
        now: now(),
        watched: Membership::Known(false),
        marked: Membership::Known(false),
        unknown: false,
        history: &history,
        searched: None,
    };
    for (text, expected) in [
        ("merchant:~maxi", true),
        ("merchant:~rewe", false),
        ("-merchant:~rewe", true),
        ("-merchant:~maxi", false),
        ("merchant:~maxi state:declined", true),
        ("merchant:lidl state:declined", false),
        ("state:frozen merchant:lidl", true),
        ("state:active|declined", true),
        ("state:active", false),
        ("mcc:5411 country:se amount>41 type:purchase", true),
        ("status:declined amount>20 since:8h", true),
        ("status:declined amount>20 since:2m", false),
        ("amount>50", false),
        ("decline_reason:~funds is:negative", false),
        ("seen_at>1h at<2026-04-04", true),
    ] {
        assert_eq!(filter_of(Rows::Cards, text).matches(&row), expected, "{text}");
        assert_eq!(filter_of(Rows::ReadCards, text).matches(&row), expected, "{text}");
    }
}

#[test]
fn a_field_that_the_rows_do_not_have_is_named_with_those_they_have() {
    for (rows, text, sentence) in [
        (Rows::Cards, "operator:anay", "cards have no operator, operations have"),
        (Rows::Cards, "who:anay", "cards have no who, operations have"),
        (Rows::Feed, "balance>5", "transactions and operations have no balance, cards have"),
        (Rows::Transactions, "action:freeze", "transactions have no action, operations have"),
        (Rows::Operations, "merchant:~rewe", "operations have no merchant, transactions have"),
        (Rows::Operations, "expires:2027-09", "operations have no expires, cards have"),
        (Rows::ReadCards, "is:watched", "is:watched has no meaning for cards here"),
        (Rows::Operations, "is:low", "is:low has no meaning for operations here"),
        (Rows::Cards, "colour:red", "there is no field `colour`"),
        (Rows::Cards, "state:dec", "state:dec is not known"),
    ] {
        let error = parse(rows, text, now(), &TimeZone::UTC).expect_err(text);
        assert!(error.message.starts_with(sentence), "{text}: {error}");
        if error.message.contains(" have ") || error.message.contains("no field") {
            for name in field_names(rows) {
                assert!(error.to_string().contains(name), "{text}: {name}: {error}");
            }
        }
    }
}

#[test]
fn every_field_of_the_json_output_but_objects_and_what_they_hold_can_be_filtered() {
    fn check<T: Record>(rows: Rows) {
        let known = field_names(rows);
        for field in T::FIELDS.iter().filter(|field| field.is_in_json()) {
            let name = if field.name() == "labels" { "label" } else { field.name() };
            assert!(known.contains(&name), "{rows:?}: {name}");
        }
    }
    check::<Card>(Rows::Cards);
    check::<Transaction>(Rows::Transactions);
    check::<Operation>(Rows::Operations);
    check::<Transaction>(Rows::Feed);
    for (rows, text) in [
        (Rows::Cards, "as_of>1h state_as_of<2026-04-03"),
        (Rows::Transactions, "seen_at>2d at<today"),
        (Rows::Operations, "created_at>2d updated_at<1h proof:seen|person alarm:~credit"),
    ] {
        assert!(parse(rows, text, now(), &TimeZone::UTC).is_ok(), "{text}");
    }
}

#[test]
fn the_language_in_words_names_every_field_and_flag_of_the_rows() {
    for rows in [Rows::Cards, Rows::ReadCards, Rows::Transactions, Rows::Operations, Rows::Feed] {
        let lines = language(rows);
        let text: String = lines.iter().map(|(form, what)| format!("{form} {what} ")).collect();
        for name in field_names(rows) {
            assert!(text.contains(&format!(" {name}")), "{rows:?}: {name}");
        }
        assert_eq!(text.contains("of transactions"), matches!(rows, Rows::Cards | Rows::ReadCards));
    }
}

#[test]
fn the_values_of_rows_are_offered_by_their_frequency() {
    let row = |merchant: &str| Transaction { merchant: Some(merchant.into()), ..decline() };
    let values = |field: &FilterField| {
        let mut counts = ValueCounts::default();
        for transaction in [row("LIDL"), row("REWE 1"), row("REWE 1"), row("ALDI")] {
            counts
                .add(&TransactionRow { transaction: &transaction, holder: "", now: now() }, field);
        }
        counts.most_frequent()
    };
    let seen = complete(Rows::Transactions, "merchant:", 9, &values).offers;
    assert_eq!(seen, ["\"REWE 1\"", "ALDI", "LIDL"]);
}

#[test]
fn a_name_has_one_kind_in_all_records() {
    fn kinds<T: Record>(into: &mut Vec<(&'static str, FieldKind)>) {
        for field in T::FIELDS {
            into.extend(names(field).map(|name| (name, field_kind(field))));
        }
    }
    let mut all = Vec::new();
    kinds::<Card>(&mut all);
    kinds::<Transaction>(&mut all);
    kinds::<Operation>(&mut all);
    for (name, kind) in &all {
        for (other, other_kind) in &all {
            assert!(name != other || kind == other_kind, "{name}: {kind:?} and {other_kind:?}");
        }
        let reserved = ["age", "since", "until", "is"];
        assert!(!reserved.contains(name), "{name} belongs to the language");
    }
}

#[test]
fn the_documented_tables_are_those_of_the_language() {
    let mut wanted = String::new();
    for (rows, heading) in [
        (Rows::Cards, "Cards, on the board"),
        (Rows::ReadCards, "`cardtop cards`"),
        (Rows::Feed, "The feed"),
        (Rows::Transactions, "`cardtop transactions`"),
        (Rows::Operations, "The activity, `cardtop ops`"),
    ] {
        wanted.push_str(&format!(
            "\n## {heading}\n\n| what is written | what it means |\n|---|---|\n"
        ));
        for (form, meaning) in language(rows) {
            let cell = |text: &str| text.replace('|', "\\|");
            wanted.push_str(&format!("| `{}` | {} |\n", cell(&form), cell(&meaning)));
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/filters.md");
    let page = std::fs::read_to_string(&path).expect("docs/filters.md");
    let start = page.find("\n## ").expect("the first table has a heading");
    let made = format!("{}{wanted}", page.get(..start).unwrap_or_default());
    if made != page && std::env::var_os("CARDTOP_WRITE_DOCS").is_some() {
        std::fs::write(&path, &made).expect("writing docs/filters.md");
    } else {
        assert_eq!(made, page, "CARDTOP_WRITE_DOCS=1 cargo test --lib documented_tables writes it");
    }
}

#[test]
fn a_filter_taken_apart_accepts_the_same_cards() {
    let merchant = |merchant: &str, state| Transaction {
        state,
        merchant: Some(merchant.into()),
        decline_reason: None,
        ..decline()
    };
    let histories = [
        Vec::new(),
        vec![decline()],
        vec![merchant("LIDL", TransactionState::Cleared)],
        vec![merchant("LIDL", TransactionState::Cleared), decline()],
        vec![
            merchant("REWE", TransactionState::Hold),
            merchant("LIDL", TransactionState::Declined),
        ],
    ]
    .map(Paid);
    for text in [
        "",
        "state:frozen",
        "merchant:lidl",
        "-merchant:lidl",
        "merchant:lidl status:declined",
        "(merchant:lidl or state:frozen) status:declined",
        "(merchant:lidl or state:active) (status:declined or merchant:rewe)",
        "merchant:lidl or (state:frozen status:hold)",
        "-(merchant:lidl status:declined) -merchant:rewe",
        "status:declined -(status:hold or state:active)",
        "state:frozen -merchant:lidl since:8h",
        "(merchant:lidl or -status:declined) merchant:~l",
    ] {
        let filter = filter_of(Rows::Cards, text);
        let apart = filter.apart().expect(text);
        for (state, history) in [CardState::Frozen, CardState::Active]
            .into_iter()
            .flat_map(|state| histories.iter().map(move |history| (state, history)))
        {
            let key = CardKey::new(&ProviderId::new("acme"), "c1");
            let card = Card { state, ..Card::unread(key) };
            let row = CardRow {
                card: (&card).into(),
                now: now(),
                watched: Membership::Known(false),
                marked: Membership::Known(false),
                searched: None,
                unknown: false,
                history,
            };
            let has = |question: usize| {
                let question = apart.questions().get(question).expect("one of its questions");
                let of_card = |transaction: &Transaction| {
                    question.matches(&TransactionRow { transaction, holder: "", now: now() })
                };
                history.0.iter().any(of_card)
            };
            let expected = filter.matches(&row);
            assert_eq!(apart.matches(&row, &has), expected, "{text}: {state:?} {history:?}");
        }
    }
    // What would fall into too many parts is left whole.
    let many = "(state:frozen or merchant:a) ".repeat(8) + "merchant:b";
    assert!(filter_of(Rows::Cards, &many).apart().is_none());
}
