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
    related: Vec<Self>,
}

impl Filterable for Sample {
    fn any_text(&self, field: FieldId, test: &mut dyn FnMut(&str) -> bool) -> bool {
        match field.0 {
            0 => test(&self.name),
            1 => test(self.kind),
            _ => false,
        }
    }

    fn number(&self, field: FieldId) -> Option<Decimal> {
        self.size.filter(|_| field.0 == 2)
    }

    fn timestamp(&self, field: FieldId) -> Option<Timestamp> {
        self.made_at.filter(|_| field.0 == 3)
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

    fn any_related(&self, test: &mut dyn FnMut(&dyn Filterable) -> bool) -> bool {
        self.related.iter().any(|row| test(row))
    }
}

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

const FIELDS: [(&str, FieldKind, &[&str]); 4] = [
    ("name", FieldKind::Text, &[]),
    ("kind", FieldKind::Spelling, &["top-up", "fee"]),
    ("size", FieldKind::Number, &[]),
    ("made_at", FieldKind::Time, &[]),
];

fn field(index: usize, of: Of) -> FilterField {
    let (name, kind, words) = FIELDS[index];
    FilterField {
        id: FieldId(index),
        name,
        kind,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        of,
        searched: name == "name",
        dates_row: name == "made_at",
    }
}

fn schema() -> Schema {
    Schema {
        rows: "samples",
        related: None,
        fields: (0..4).map(|index| field(index, Of::Row)).collect(),
        aliases: &[("n", "name"), ("made", "made_at")],
        flags: &[Flag::Marked],
        elsewhere: vec![("colour", "paints")],
    }
}

/// Rows have a name of their own; the rest is of related rows.
fn related_schema() -> Schema {
    let related = (1..4).map(|index| field(index, Of::Related));
    let fields = std::iter::once(field(0, Of::Row)).chain(related).collect();
    Schema { related: Some("parts"), fields, ..schema() }
}

fn related_accepts(text: &str, row: &Sample) -> bool {
    let filter = Filter::parse(text, &related_schema(), now(), &TimeZone::UTC);
    filter.unwrap_or_else(|error| panic!("{text}: {error}")).matches(row)
}

fn sample() -> Sample {
    Sample {
        name: "Ærø".to_owned(),
        kind: "TOP-UP",
        size: Some(Decimal::new(125, 1)),
        made_at: "2026-04-03T10:08:12Z".parse().ok(),
        related: Vec::new(),
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
    for text in ["name:aer", "kind:fee", "size:12", "made_at>1h", "made_at<2026-04-03"] {
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
        ("nane:x", "there is no field `nane`: known are name kind size made_at; text"),
        ("colour:x", "samples have no colour, paints have: known are name"),
        ("kind:top", "kind:top is not known: write kind: with one of top-up fee"),
        ("is:low", "is:low has no meaning for samples here: write is: with one of marked"),
        ("is:blue", "is:blue is not known: write is: with one of marked"),
    ] {
        let error = Filter::parse(text, &schema(), now(), &TimeZone::UTC).expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[test]
fn conditions_on_related_rows_are_satisfied_by_one_of_them_and_behind_a_minus_by_none() {
    let part = |kind, size| Sample { kind, size: Some(Decimal::from(size)), ..sample() };
    let row = Sample { related: vec![part("FEE", 1), part("TOP-UP", 50)], ..sample() };
    for text in [
        "kind:fee",
        "size>40",
        "kind:topup size>40",
        "kind:fee name:aero",
        "kind:fee (size<2 or name:nobody)",
        "-(kind:fee size>40)",
        "-size>60",
        "name:nobody or size>40",
        "--kind:fee",
        "since:3h",
    ] {
        assert!(related_accepts(text, &row), "{text}");
    }
    for text in [
        "kind:fee size>40",
        "kind:fee (size>40 or name:nobody)",
        "-kind:fee",
        "-kind:fee size>40",
        "kind:fee name:nobody",
        "since:1h",
    ] {
        assert!(!related_accepts(text, &row), "{text}");
    }
    let alone = sample();
    assert!(related_accepts("-kind:fee", &alone) && related_accepts("kind:fee or aero", &alone));
    assert!(!related_accepts("kind:fee", &alone) && !related_accepts("-since:9d kind:fee", &alone));
}

#[test]
fn a_filter_says_from_when_on_rows_are_wanted_and_whether_it_names_a_time() {
    let parsed = |text: &str| Filter::parse(text, &schema(), now(), &TimeZone::UTC).expect(text);
    let hours = |text: &str| parsed(text).since().map(|at| now().duration_since(at).as_hours());
    assert_eq!((hours("since:3h"), hours("made_at>3h size>1")), (Some(3), Some(3)));
    for text in ["until:3h", "made_at<3h", "-since:3h", "since:3h or size>1", "age>3h"] {
        assert!(parsed(text).since().is_none() && parsed(text).names_time(), "{text}");
    }
    assert!(!parsed("size>1 kind:fee").names_time());
}

#[test]
fn a_word_that_is_not_understood_is_taken_out_and_the_others_stay() {
    for (text, at, rest) in [
        ("aero foo:", 5, "aero "),
        ("foo: aero", 0, " aero"),
        ("(aero", 0, "aero"),
        ("aero)", 4, "aero"),
        ("aero -", 5, "aero "),
        ("aero \"open quote", 5, "aero "),
        ("aero or", 7, "aero "),
        ("é foo:x b", 3, "é  b"),
        ("(", 1, ""),
        ("a (\u{e9}", 9, "a ("),
    ] {
        assert_eq!(Filter::without_word(text, at), rest, "{text}");
    }
}

#[test]
fn completion_offers_names_with_the_sign_of_their_kind_and_the_words_of_a_field() {
    let values =
        |_: &FilterField| ["REWE 0412", "Rewe", "7-ELEVEN", "odd|one"].map(str::to_owned).to_vec();
    let complete = |text: &str| {
        let found = Filter::complete(text, text.len(), &schema(), &values);
        (text.get(found.start..).unwrap_or_default().to_owned(), found.offers)
    };
    let offers = |text: &str| complete(text).1;
    assert_eq!(offers("ma"), ["made_at>", "made>"]);
    assert_eq!(offers("n"), ["name:", "n:"]);
    assert_eq!(offers("kind:t"), ["top-up"]);
    assert_eq!(offers("name:"), ["\"REWE 0412\"", "Rewe", "7-ELEVEN"]);
    assert_eq!(complete("fee -name:7|~re"), ("re".to_owned(), offers("name:re")));
    assert_eq!(complete("name:\"rewe 0"), ("\"rewe 0".to_owned(), vec!["\"REWE 0412\"".into()]));
    assert_eq!(offers("made_at>to"), ["today"]);
    assert_eq!(offers("is:"), ["marked"]);
    assert_eq!((offers("size>"), offers("nane:")), (Vec::<String>::new(), Vec::new()));
}

#[test]
fn a_vowel_that_is_a_mark_is_no_accent() {
    assert_ne!(fold("कि"), fold("का"));
}

proptest! {
    #[test]
    fn taking_out_words_ends(text in "[a-z:()\"\\- é]{1,20}|\\PC{1,12}", at in 0_usize..24) {
        if !text.trim().is_empty() && text.is_char_boundary(at.min(text.len())) {
            prop_assert!(Filter::without_word(&text, at).len() < text.len());
        }
    }

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
