//! Objects, digits, ids and renamed fields, read as they are sent.

use super::*;
use crate::config::spelling::Spelling;
use proptest::prelude::*;

fn fields(json: &str) -> JsonObject<'_> {
    JsonObject::parse(json).expect("an object of the test")
}

#[test]
fn keys_are_found_in_any_case_and_empty_means_absent() {
    let row = fields(
        r#"{"AvailableBalance":"100.00","cardnumber":"4111 1111 1111 1111",
            "x":null,"y":"","z":"  "}"#,
    );
    assert_eq!(row.text("availablebalance").as_deref(), Some("100.00"));
    assert_eq!(row.last4("cardNumber").map(|l| l.to_string()), Some("1111".into()));
    assert_eq!(
        (row.text("x"), row.text("y"), row.text("z"), row.text("none")),
        (None, None, None, None)
    );
    assert!(row.need_text("x").is_err());
}

#[test]
fn amounts_keep_the_digits_that_were_sent() {
    let row = fields(r#"{"a":100.10,"b":"207.5700","c":12345678901234567.89,"d":1e2,"e":"x"}"#);
    let digits = |name: &str| row.decimal(name).map(|d| d.map(|d| d.to_string()));
    assert_eq!(digits("a"), Ok(Some("100.10".into())));
    assert_eq!(digits("b"), Ok(Some("207.5700".into())));
    assert_eq!(digits("c"), Ok(Some("12345678901234567.89".into())));
    assert_eq!(row.decimal("d"), Ok(Some(Decimal::new(100, 0))));
    assert!(row.decimal("e").is_err());
}

fn own_names() -> Spelling {
    let renamed = |ours: &str, theirs: &str| crate::config::spelling::Renamed {
        ours: ours.into(),
        theirs: theirs.into(),
    };
    let fields = [
        ("txstate".to_owned(), renamed("status", "txState")),
        ("sum".to_owned(), renamed("amount", "Sum")),
    ];
    Spelling { fields: fields.into(), ..Spelling::default() }
}

#[test]
fn the_accounts_own_names_give_way_to_the_documents_at_every_level_and_digits_stay_as_they_are() {
    let answer =
        r#"{"data":[{"TXSTATE":"ok","status":"old","Sum":100.10,"x":{}},[],"Sum"],"status":"1"}"#;
    let raw: Box<RawValue> = serde_json::from_str(answer).expect("JSON");
    let named = in_document_names(&raw, &own_names());
    assert_eq!(
        named.get(),
        r#"{"data":[{"status":"ok","amount":100.10,"x":{}},[],"Sum"],"status":"1"}"#
    );
    assert_eq!(in_document_names(&raw, &Spelling::default()).get(), answer);
}

#[test]
fn an_answer_of_any_depth_is_named_without_harm() {
    let deep = format!("{}{}{}", r#"{"a":["#.repeat(20_000), r#"{"Sum":1}"#, "]}".repeat(20_000));
    let raw = RawValue::from_string(deep.clone()).expect("JSON of any depth is a raw value");
    assert_eq!(
        in_document_names(&raw, &own_names()).get(),
        deep,
        "below a few levels names are left alone"
    );
}

proptest! {
    #[test]
    fn ids_and_references_are_never_cut_even_where_they_look_like_card_numbers(
        id in "[0-9]{12,19}|EKC[0-9]{4,16}|ct[0-9A-HJKMNP-TV-Z]{26}|\
               [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|4111111111111111"
    ) {
        let quoted = format!("{{\"id\":\"{id}\"}}");
        let row = fields(&quoted);
        let read = row.id("id");
        prop_assert_eq!(read.as_deref(), Some(id.as_str()));
    }

    #[test]
    fn any_text_is_an_object_or_odd(text in ".{0,80}") {
        let _ = JsonObject::parse(&text);
    }
}
