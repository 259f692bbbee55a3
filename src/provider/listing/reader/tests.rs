//! A list that is read while its answer comes is the list that is found in the whole answer.

use proptest::prelude::*;

use super::*;
use crate::config::lists::Lists;
use crate::config::spelling::Spelling;
use crate::domain::card::{IdForm, Ids, ProviderId};
use crate::provider::listing::find_rows;

const NO_NAMES: IdFields = IdFields { card: &[], row: &[] };

/// What a reading ends with: the rows, or why there are none.
type Read = Result<Vec<String>, String>;

/// Reads an answer that comes in pieces, cut at these places.
fn in_pieces(answer: &[u8], cuts: &[usize]) -> (Read, usize) {
    let (provider, spelling, lists) =
        (ProviderId::new("acme"), Spelling::default(), Lists::default());
    let clock = Clock::fixed("2026-02-01T00:00:00Z".parse().expect("a time"));
    let ids = Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque };
    let reader = RowReader::new(&provider, &spelling, &lists, ids, clock.now());
    // A row is kept as it was sent, so that nothing of it goes unnoticed.
    let read = |row: &RawValue, _: &RowReader<'_>| match row.get() {
        "0" => Err(RowError::new("it is nought")),
        json => Ok(json.to_owned()),
    };
    let mut list = ListReader::new(|_| true, reader, &clock, NO_NAMES, None, read);
    list.begin(StatusCode::OK);
    let mut from = 0;
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (answer.len() + 1)).collect();
    places.extend([0, answer.len()]);
    places.sort_unstable();
    for to in places {
        let piece = answer.get(from..to).unwrap_or_default();
        if list.take(Bytes::copy_from_slice(piece)).is_err() {
            break;
        }
        from = to;
    }
    let rest = match list.end() {
        Ok(rest) => rest,
        Err(why) => return (Err(why), 0),
    };
    let Ok(whole) = serde_json::from_slice::<&RawValue>(without_mark(&rest)) else {
        return (Err("no JSON".to_owned()), 0);
    };
    match find_rows(whole) {
        Ok(found) => {
            let page = list.page(&found);
            (Ok(page.items), page.skipped.len())
        }
        Err(why) => (Err(why.to_string()), 0),
    }
}

/// Finds the rows in the whole answer.
fn at_once(answer: &[u8]) -> (Read, usize) {
    let Ok(whole) = serde_json::from_slice::<&RawValue>(without_mark(answer)) else {
        return (Err("no JSON".to_owned()), 0);
    };
    match find_rows(whole) {
        Ok(found) => {
            let rows = found.iter().map(|row| row.get().to_owned());
            let (wrong, rows): (Vec<_>, Vec<_>) = rows.partition(|row| row == "0");
            (Ok(rows), wrong.len())
        }
        Err(why) => (Err(why.to_string()), 0),
    }
}

fn without_mark(answer: &[u8]) -> &[u8] {
    crate::provider::json::without_byte_order_mark(answer)
}

/// JSON as servers write it: any shape, blanks, names in any case and more than once, and texts
/// that look like parts of JSON.
fn any_json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "\\PC{0,4}".prop_map(|text| serde_json::Value::from(text).to_string()),
        r#"[\[\]{},:"\\]{0,5}"#.prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(r#""\u0022]\/\\""#.to_owned()),
    ];
    let leaf = prop_oneof![
        text,
        "(-?[1-9][0-9]{0,30}|0)(\\.[0-9]{1,9})?",
        prop_oneof![Just("true"), Just("null"), Just("\"\"")].prop_map(str::to_owned),
    ];
    let name = prop_oneof![
        Just("data"),
        Just("Data"),
        Just("items"),
        Just("count"),
        Just("message"),
        Just("pa\\u0079load"),
        Just("]"),
        Just("\\\"[")
    ];
    let blank = prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t")];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let blank = blank.clone();
        let list = (prop::collection::vec(inner.clone(), 0..6), blank.clone()).prop_map(
            |(rows, blank)| format!("[{blank}{}{blank}]", rows.join(&format!("{blank},"))),
        );
        let pair = (name.clone(), blank.clone(), inner);
        let pair =
            pair.prop_map(|(name, blank, value)| format!("\"{name}\"{blank}:{blank}{value}"));
        let object = (prop::collection::vec(pair, 0..6), blank)
            .prop_map(|(pairs, blank)| format!("{{{blank}{}{blank}}}", pairs.join(",")));
        prop_oneof![list, object]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_list_read_while_it_comes_is_the_list_of_the_whole_answer(
        answer in any_json(),
        has_mark in prop::bool::weighted(0.1),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mark = if has_mark { "\u{feff}" } else { "" };
        let answer = format!("{mark}{answer}");
        prop_assert_eq!(in_pieces(answer.as_bytes(), &cuts), at_once(answer.as_bytes()));
    }

    #[test]
    fn an_answer_that_is_cut_or_damaged_is_read_as_the_whole_one_would_be(
        answer in any_json(),
        length in any::<usize>(),
        damage in (any::<usize>(), any::<u8>()),
        cuts in prop::collection::vec(any::<usize>(), 0..4),
    ) {
        let mut bytes = answer.into_bytes();
        let cut = bytes.get(..length % (bytes.len() + 1)).unwrap_or_default().to_vec();
        prop_assert_eq!(in_pieces(&cut, &cuts), at_once(&cut));
        let at = damage.0 % bytes.len();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = damage.1;
        }
        prop_assert_eq!(in_pieces(&bytes, &cuts), at_once(&bytes));
    }
}

#[test]
fn every_byte_may_come_by_itself() {
    let answer = r#" {"total":2,"data":[{"a":"]},\"["} ,[1,2],0],"message":"x"}"#;
    let cuts: Vec<usize> = (0..answer.len()).collect();
    let (rows, wrong) = in_pieces(answer.as_bytes(), &cuts);
    assert_eq!(rows.expect("a list"), [r#"{"a":"]},\"["}"#, "[1,2]"]);
    assert_eq!(wrong, 1);
}

#[test]
fn a_row_that_is_too_long_costs_that_row_alone() {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(LONGEST_ROW));
    let answer = format!(r#"{{"data":[1,{long},{long},2]}}"#);
    for cuts in [vec![], (0..40).map(|piece| (piece * 64) << 10).collect()] {
        let (rows, wrong) = in_pieces(answer.as_bytes(), &cuts);
        assert_eq!(rows.expect("a list"), ["1", "2"]);
        assert_eq!(wrong, 2);
    }
}

#[test]
fn what_is_no_list_of_rows_is_refused_in_a_sentence() {
    let nought = format!("[{}]", vec!["0"; 6_000].join(","));
    let (refused, _) = in_pieces(nought.as_bytes(), &[]);
    let why = refused.expect_err("refused");
    assert!(
        why.contains("more than 5000 rows that cannot be read; the first: it is nought"),
        "{why}"
    );
    let many = format!("[{}]", vec!["1"; 250_001].join(","));
    let (refused, _) = in_pieces(many.as_bytes(), &[]);
    assert!(refused.expect_err("refused").contains("more than 250000 rows"));
    let row = format!(r#"{{"data":[1,["{}"]]}}"#, "x".repeat(17 << 20));
    let (refused, _) = in_pieces(row.as_bytes(), &[]);
    assert!(refused.expect_err("refused").contains("a row of more than 16 MiB"));
    let rest = format!(r#"{{"data":[1],"message":"{}"}}"#, "x".repeat(9 << 20));
    let (refused, _) = in_pieces(rest.as_bytes(), &[]);
    assert!(refused.expect_err("refused").contains("8 MiB beside the rows"));
}

#[test]
fn good_rows_are_kept_however_many_cannot_be_read() {
    let rows: Vec<&str> = (0..13_000).map(|row| if row % 2 == 0 { "1" } else { "0" }).collect();
    let (read, wrong) = in_pieces(format!("[{}]", rows.join(",")).as_bytes(), &[]);
    assert_eq!((read.expect("a list").len(), wrong), (6_500, MOST_UNREAD));
}

#[test]
fn an_answer_of_too_many_bytes_is_not_read_on() {
    let (provider, spelling, lists) =
        (ProviderId::new("acme"), Spelling::default(), Lists::default());
    let clock = Clock::fixed("2026-02-01T00:00:00Z".parse().expect("a time"));
    let ids = Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque };
    let reader = RowReader::new(&provider, &spelling, &lists, ids, clock.now());
    let mut list = ListReader::new(|_| true, reader, &clock, NO_NAMES, None, |_, _| Ok(()));
    list.begin(StatusCode::OK);
    list.take(Bytes::from_static(b"[")).expect("it is short");
    let row = Bytes::from(format!("\"{}\",", "x".repeat(LONGEST_ROW - 3)));
    let left =
        (0..).find_map(|row_number| list.take(row.clone()).err().map(|stop| (row_number, stop)));
    assert_eq!(left, Some((31, Stop::TooLarge(LARGEST_LIST))));
}
