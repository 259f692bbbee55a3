//! What the language promises of any field. The fields that cardtop has are tested with their
//! contract.

use proptest::prelude::*;

use super::fold::fold;
use super::*;

/// A row with one field of each kind.
#[derive(Clone, Debug)]
struct Sample {
    name: String,
    kind: &'static str,
    size: Option<Decimal>,
    made_at: Option<Timestamp>,
}

impl Filterable for Sample {
    fn any_text(&self, field: FieldId, test: &mut dyn FnMut(&str) -> bool) -> bool {
        match field.index() {
            0 => test(&self.name),
            1 => test(self.kind),
            _ => false,
        }
    }

    fn number(&self, field: FieldId) -> Option<Decimal> {
        self.size.filter(|_| field.index() == 2)
    }

    fn timestamp(&self, field: FieldId) -> Option<Timestamp> {
        self.made_at.filter(|_| field.index() == 3)
    }

    fn any_searched_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        test(&self.name)
    }

    fn time(&self) -> Option<Timestamp> {
        self.made_at
    }

    fn age(&self) -> Option<SignedDuration> {
        self.made_at.map(|at| now().duration_since(at))
    }

    fn is(&self, flag: Flag) -> bool {
        flag == Flag::Marked
    }
}

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

fn schema() -> Schema {
    let field = |name, kind, words: &[&str]| FilterField {
        name,
        kind,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    let fields = vec![
        field("name", FieldKind::Text, &[]),
        field("kind", FieldKind::Spelling, &["top-up", "fee"]),
        field("size", FieldKind::Number, &[]),
        field("made_at", FieldKind::Time, &[]),
    ];
    Schema::new(fields, &[("n", "name"), ("made", "made_at")], "name kind")
}

fn sample() -> Sample {
    Sample {
        name: "Ærø".to_owned(),
        kind: "TOP-UP",
        size: Some(Decimal::new(125, 1)),
        made_at: "2026-04-03T10:08:12Z".parse().ok(),
    }
}

fn accepts(text: &str, row: &Sample) -> bool {
    let filter = Filter::parse(text, &schema(), now(), &TimeZone::UTC);
    filter.unwrap_or_else(|error| panic!("{text}: {error}")).matches(row)
}

#[test]
fn a_field_of_any_kind_is_filtered_by_the_schema_alone() {
    for text in [
        "n:aero",
        "name:~Ær",
        "kind:topup",
        "kind:fee|~p-u",
        "size:12.50",
        "size>12 size<=12.5",
        "made_at<1h made_at>3h",
        "made>=2026-04-03",
        "age>1h is:marked",
    ] {
        assert!(accepts(text, &sample()), "{text}");
    }
    for text in ["name:aer", "kind:top", "size:12", "made_at>1h", "made_at<2026-04-03"] {
        assert!(!accepts(text, &sample()), "{text}");
    }
    let unknown = Sample { size: None, made_at: None, ..sample() };
    for text in ["size<99", "size>0", "made_at<1s", "made_at>99d", "age>0s"] {
        assert!(!accepts(text, &unknown), "{text}: what is not known is neither more nor less");
    }
}

#[test]
fn a_condition_that_does_not_fit_its_kind_says_what_to_write() {
    for (text, words) in [
        ("made_at:today", "compare times with > or <, such as made_at>2h"),
        ("made_at>soon", "that is not a time"),
        ("size:big", "write size:20, or size>20"),
        ("kind>2", "kind is text"),
        ("nane:x", "there is no field `nane`: known are name kind, and"),
    ] {
        let error = Filter::parse(text, &schema(), now(), &TimeZone::UTC).expect_err(text);
        assert!(error.message.contains(words), "{text}: {error}");
    }
}

#[test]
fn completion_offers_names_with_the_sign_of_their_kind_and_the_words_of_a_field() {
    let complete = |text: &str| Filter::complete(text, text.len(), &schema());
    assert_eq!(complete("ma"), ["made_at>", "made>"]);
    assert_eq!(complete("n"), ["name:", "n:"]);
    assert_eq!(complete("kind:t"), ["top-up"]);
    assert_eq!(complete("name:"), Vec::<String>::new());
}

#[test]
fn a_vowel_that_is_a_mark_is_no_accent() {
    assert_ne!(fold("कि"), fold("का"));
}

proptest! {
    #[test]
    fn what_is_written_is_found_whatever_its_case(
        words in "[a-zA-Zé-üÀ-Ý ]{0,12}",
        part in "[a-zA-Zé-ü]{1,6}",
    ) {
        let row = Sample { name: format!("{words}{part}{words}"), ..sample() };
        for part in [part.to_uppercase(), part.to_lowercase(), fold(&part)] {
            for text in [format!("name:~\"{part}\""), format!("\"{part}\"")] {
                prop_assert!(accepts(&text, &row), "{}", text);
            }
        }
        let whole = format!("name:\"{}\"", row.name.to_uppercase());
        prop_assert!(accepts(&whole, &row), "{}", whole);
    }

    #[test]
    fn a_word_is_found_by_its_letters_whatever_stands_between_them(
        kind in "[A-Z]{1,4}[- ][A-Z]{1,4}",
    ) {
        let letters: String = kind.chars().filter(char::is_ascii_alphabetic).collect();
        let middle = letters.get(1..).unwrap_or_default().to_lowercase();
        prop_assert!(fold::letters_equal(&kind, &letters.to_lowercase()));
        prop_assert!(fold::letters_contain(&kind, &middle));
        prop_assert!(!fold::letters_equal(&kind, &middle));
        let longer = format!("{middle}1");
        prop_assert!(!fold::letters_contain(&kind, &longer));
    }
}
