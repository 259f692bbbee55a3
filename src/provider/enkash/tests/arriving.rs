//! Lists of enkash that are read while they come, in every wrapping.

use proptest::prelude::*;

use super::*;
use crate::provider::http::AnswerBody;
use crate::provider::json::without_byte_order_mark;

/// What is read of a list: its rows, `recordsCount` and what stands in the place of rows, or why
/// the answer cannot be read.
type Read = std::result::Result<(Vec<String>, Option<usize>, Option<String>), String>;

fn words(unreadable: Unreadable) -> String {
    format!("{unreadable:?}")
}

/// As every answer is taken.
fn without_mark(body: Bytes) -> Bytes {
    body.slice_ref(without_byte_order_mark(&body))
}

fn at_once(enkash: &Enkash, body: &str) -> Read {
    let body = without_mark(body.to_owned().into());
    let envelope = envelope::read(&body, &enkash.seal.key, &enkash.seal.field).map_err(words)?;
    let rows = envelope::rows(&envelope);
    let raw = rows.rows.iter().map(|row| row.get().to_owned()).collect();
    Ok((raw, rows.total, rows.error.map(|error| error.to_string())))
}

fn in_pieces(enkash: &Enkash, body: &str, piece: usize) -> Read {
    let read = |row: &RawValue, _: &RowReader<'_>| Ok(row.get().to_owned());
    let mut list = enkash.list(wire::NAMES, None, read);
    list.begin(http::StatusCode::OK);
    for piece in body.as_bytes().chunks(piece) {
        if list.take(Bytes::copy_from_slice(piece)).is_err() {
            break;
        }
    }
    let rest = list.end().map_err(|why| {
        assert_eq!(why, envelope::CANNOT_DECRYPT);
        words(Unreadable::Sealed)
    })?;
    let rest = without_mark(rest);
    let envelope = envelope::read(&rest, &enkash.seal.key, &enkash.seal.field).map_err(words)?;
    let rows = envelope::rows(&envelope);
    let page = list.page(&rows.rows);
    Ok((page.items, rows.total, rows.error.map(|error| error.to_string())))
}

/// A plain answer in each of the wrappings in which enkash may send it, and then cut and damaged.
fn wrapped(plain: &str, key: &[u8]) -> Vec<String> {
    let seal =
        |text: &str| BASE64.encode(&crypto::aes_ecb_encrypt(key, text.as_bytes()).expect("a key"));
    let text = seal(plain);
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    vec![
        plain.to_owned(),
        serde_json::Value::from(plain).to_string(),
        text.clone(),
        format!("\u{feff}\"{text}\"\r\n"),
        format!("{{\"request\":\"{text}\"}}"),
        format!(" {{ \"Response\" : \"{}\" , \"at\": 1 }}", text.replace('/', "\\/")),
        format!("{{\"response\":\"{}\"}}", text.replace('+', "\\u002B").replace('=', "\\u003d")),
        lines.join("\n"),
        format!("{{\"at\":1,\"response\":\"{text}\"}}"),
        format!("{{\"response\":\"{text}\",\"code\":0}}"),
        format!("\"{}\"", seal(&serde_json::Value::from(plain).to_string())),
        seal(&format!("\u{feff}{plain}")),
        text.get(..text.len() / 2).unwrap_or_default().to_owned(),
        format!("{{\"request\":\"{}", text.get(..text.len() / 3).unwrap_or_default()),
        format!("{{\"request\":\"{text}\""),
        format!("{{\"request\":\"{text}=\"}}"),
        text.replacen('A', "B", 3),
        plain.get(..plain.len() / 2).unwrap_or_default().to_owned(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_read_while_it_comes_is_the_list_of_the_whole_answer_in_every_wrapping(
        rows in prop::collection::vec(("[ -~]{0,8}", any::<u32>()), 0..8),
        shape in 0..8_usize,
        piece in 1..70_usize,
    ) {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(name, number)| json!({"enKashCardId": name, "otbBalance": number, "a": [[1], {}]}))
            .collect();
        let answer = match shape {
            0 => json!({"code": 0, "payload": {"recordsCount": rows.len(), "data": rows}}),
            1 => json!({"payload": rows, "response_code": "0", "response_message": "Success"}),
            2 => json!({"code": 0, "payload": {"data": rows, "recordsCount": 9}, "message": "ok"}),
            3 => json!({"code": 0, "payload": {"cards": rows, "recordsCount": "3"}}),
            // The lists of an answer that is one row are lists of rows as well, until it has ended.
            4 => json!({"code": 0, "payload": {"enKashCardId": rows.len(), "b": {}}}),
            5 => json!({"code": 1, "message": "No record found", "payload": null}),
            6 => json!({"code": 0, "payload": {"data": rows.first(), "recordsCount": 1}}),
            _ => json!({"code": 0, "payload": "nothing for you", "errors": rows}),
        };
        let enkash = enkash(&Wire::default(), BodyWrapping::Envelope, Load::AllocateFund);
        for body in wrapped(&answer.to_string(), &key()) {
            let (pieces, whole) = (in_pieces(&enkash, &body, piece), at_once(&enkash, &body));
            // Of several things that are wrong with an answer the first that comes is told.
            if let (Err(_), Err(_)) = (&pieces, &whole) {
                continue;
            }
            prop_assert_eq!(pieces, whole, "{}", body);
        }
    }
}

#[test]
fn a_list_under_another_key_is_not_read_and_says_what_to_check() {
    let enkash = enkash(&Wire::default(), BodyWrapping::Envelope, Load::AllocateFund);
    let answer = json!({"code": 0, "payload": vec![json!({"enKashCardId": "x"}); 40]}).to_string();
    for other in wrapped(&answer, &[9; 16]).into_iter().skip(2).take(6) {
        assert_eq!(in_pieces(&enkash, &other, 64), Err(words(Unreadable::Sealed)), "{other}");
    }
}
