//! Card numbers in free text, cut to their last four digits.
//!
//! Meant for free text only. Ids and references have fields of their own, which must not pass
//! through here: a numeric id may well have the form of a card number.

use unicode_normalization::UnicodeNormalization;

/// Digits of a card number (ISO/IEC 7812-1).
const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;

/// Most characters between two groups of digits of one number.
const WIDEST_GAP: usize = 3;

/// Replaces every card number by `..` and its last four digits.
///
/// A card number is 13 to 19 digits in a row that pass the Luhn check, also beside letters; inside
/// a longer run of digits, where one window in ten passes by chance, it must also begin as a card
/// network's numbers do. Digits of every script count. Between groups there may be up to three
/// blanks, dashes, dots, underscores or slashes, or one other sign between groups of at least four
/// digits. UUIDs, dates with a time, and what was cut before are left alone.
#[must_use]
pub fn mask_card_numbers(text: &str) -> String {
    let mut masked = text.to_owned();
    // A cut joins what stood on its two sides. Every cut removes at least nine digits, so this
    // ends.
    while let Some(next) = mask_once(&masked) {
        masked = next;
    }
    masked
}

/// A digit and its place in the text, in characters.
#[derive(Clone, Copy)]
struct Digit {
    at: usize,
    value: u8,
}

/// A card number: places in a run of digits, from the first to behind the last.
#[derive(Clone, Copy)]
struct Window {
    start: usize,
    end: usize,
}

/// The text with the card numbers of each run cut, or `None` where there is none.
fn mask_once(text: &str) -> Option<String> {
    text.chars().filter(|c| c.is_numeric()).nth(LENGTHS.start() - 1)?;
    let chars: Vec<char> = text.chars().collect();
    let mut digits: Vec<Option<u8>> = chars.iter().copied().map(digit).collect();
    skip_uuids(&chars, &mut digits);
    skip_cut_numbers(&chars, &mut digits);
    let mut cuts: Vec<(usize, usize, String)> = Vec::new();
    for run in runs(&chars, &digits) {
        for window in card_numbers(&run) {
            let number = run.get(window.start..window.end).unwrap_or_default();
            let (Some(first), Some(last)) = (number.first(), number.last()) else { continue };
            let last4 = number
                .iter()
                .skip(number.len() - 4)
                .map(|digit| char::from(b'0' + digit.value))
                .collect();
            cuts.push((first.at, last.at + 1, last4));
        }
    }
    if cuts.is_empty() {
        return None;
    }
    cuts.sort_by_key(|(from, ..)| *from);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (from, to, last4) in cuts {
        out.extend(chars.iter().skip(done).take(from - done));
        out.push_str("..");
        out.push_str(&last4);
        done = to;
    }
    out.extend(chars.iter().skip(done));
    Some(out)
}

/// The card numbers of a run that do not overlap, the most plausible first.
fn card_numbers(run: &[Digit]) -> Vec<Window> {
    let values: Vec<u8> = run.iter().map(|digit| digit.value).collect();
    if is_date_and_time(&values) {
        return Vec::new();
    }
    let apart =
        |at: usize| match (at.checked_sub(1).and_then(|before| run.get(before)), run.get(at)) {
            (Some(before), Some(after)) => after.at > before.at + 1,
            _ => true,
        };
    let mut found: Vec<(u8, bool, usize, Window)> = Vec::new();
    for start in 0..values.len() {
        for length in LENGTHS {
            let end = start + length;
            let Some(number) = values.get(start..end) else { break };
            let aligned = u8::from(apart(start)) + u8::from(apart(end));
            let network = of_a_network(number);
            if luhn(number) && (aligned == 2 || network) && number.iter().any(|digit| *digit != 0) {
                found.push((aligned, network, length, Window { start, end }));
            }
        }
    }
    found.sort_by_key(|(aligned, network, length, window)| {
        (std::cmp::Reverse((*aligned, *network, *length)), window.start)
    });
    let mut chosen: Vec<Window> = Vec::new();
    for (.., window) in found {
        if chosen.iter().all(|other| window.end <= other.start || other.end <= window.start) {
            chosen.push(window);
        }
    }
    chosen
}

/// Runs of digits that may be one number: bridged by what stands between groups of a card number.
fn runs(chars: &[char], digits: &[Option<u8>]) -> Vec<Vec<Digit>> {
    let is_digit = |at: usize| digits.get(at).copied().flatten().is_some();
    let group_before = |at: usize| (0..at).rev().take_while(|at| is_digit(*at)).count();
    let group_from = |at: usize| (at..chars.len()).take_while(|at| is_digit(*at)).count();
    let mut runs: Vec<Vec<Digit>> = Vec::new();
    for (at, value) in digits.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))) {
        let digit = Digit { at, value };
        let Some((run, last)) =
            runs.last_mut().and_then(|run| run.last().copied().map(|last| (run, last)))
        else {
            runs.push(vec![digit]);
            continue;
        };
        let gap = chars.get(last.at + 1..at).unwrap_or_default();
        let bridged = match gap {
            [] => true,
            gap if gap.len() <= WIDEST_GAP && gap.iter().all(|c| separates_groups(*c)) => true,
            [other] => {
                !other.is_alphanumeric() && group_before(last.at + 1) >= 4 && group_from(at) >= 4
            }
            _ => false,
        };
        if bridged {
            run.push(digit);
        } else {
            runs.push(vec![digit]);
        }
    }
    runs
}

fn separates_groups(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '_' | '/' | '\u{ad}' | '\u{b7}' | '\u{2010}'
                ..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}'
        )
        || matches!(c, '\u{ff0d}'..='\u{ff0f}' | '\u{ff3f}')
}

/// The value of a decimal digit of any script, also of superscripts, circled and full-width ones.
fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|value| u8::try_from(value).ok());
    }
    if !c.is_numeric() {
        return None;
    }
    let code = u32::from(c);
    if let Some(zero) = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)) {
        return u8::try_from(code - zero).ok();
    }
    let mut same = std::iter::once(c).nfkc();
    match (same.next(), same.next()) {
        (Some(plain), None) => plain.to_digit(10).and_then(|value| u8::try_from(value).ok()),
        _ => None,
    }
}

/// The digit zero of the scripts whose digits are not other forms of 0 to 9 (Unicode 16, general
/// category Nd).
const ZEROS: [u32; 62] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0,
    0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x116d0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60,
    0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950,
];

/// The Luhn check (ISO/IEC 7812-1, annex B).
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match u32::from(digit) * if place % 2 == 0 { 1 } else { 2 } {
            doubled @ 10.. => doubled - 9,
            digit => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a card network issues numbers that begin so and are that long.
fn of_a_network(number: &[u8]) -> bool {
    let begin = |digits: usize| {
        number.iter().take(digits).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit))
    };
    let length = number.len();
    match (begin(1), begin(2), begin(4)) {
        (4, ..) => matches!(length, 13 | 16 | 19),
        (_, 34 | 37, _) => length == 15,
        (_, 51..=55, _) | (_, _, 2221..=2720 | 9792) => length == 16,
        (_, 30 | 36 | 38 | 39, _) => length >= 14,
        (_, 35 | 60 | 62 | 64 | 65 | 81 | 82, _) => length >= 16,
        (_, 50 | 56..=59 | 61 | 63 | 66..=69, _) => true,
        _ => false,
    }
}

/// Whether these are `YYYYMMDDhhmmss` of this century, with or without milliseconds. No network
/// issues numbers that begin so.
fn is_date_and_time(digits: &[u8]) -> bool {
    let two = |at: usize| {
        digits.get(at..at + 2).map_or(99, |pair| pair.iter().fold(0, |sum, digit| sum * 10 + digit))
    };
    matches!(digits.len(), 14 | 17)
        && two(0) == 20
        && (1..=12).contains(&two(4))
        && (1..=31).contains(&two(6))
        && two(8) < 24
        && two(10) < 60
        && two(12) < 61
}

/// Takes the digits of UUIDs out: `8-4-4-4-12` hexadecimal digits with a letter among them.
fn skip_uuids(chars: &[char], digits: &mut [Option<u8>]) {
    const LENGTH: usize = 36;
    let mut at = 0;
    while at + LENGTH <= chars.len() {
        let part = chars.get(at..at + LENGTH).unwrap_or_default();
        let fits = |(place, c): (usize, &char)| match place {
            8 | 13 | 18 | 23 => *c == '-',
            _ => c.is_ascii_hexdigit(),
        };
        let word = |at: Option<usize>| {
            at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric())
        };
        let alone = !word(at.checked_sub(1)) && !word(Some(at + LENGTH));
        if alone && part.iter().enumerate().all(fits) && part.iter().any(char::is_ascii_alphabetic)
        {
            digits.iter_mut().skip(at).take(LENGTH).for_each(|digit| *digit = None);
            at += LENGTH;
        } else {
            at += 1;
        }
    }
}

/// Takes the digits of numbers out that were cut before: `..1234` at the beginning or behind a
/// blank.
fn skip_cut_numbers(chars: &[char], digits: &mut [Option<u8>]) {
    for at in 0..chars.len() {
        let begins = at
            .checked_sub(1)
            .and_then(|before| chars.get(before))
            .is_none_or(|before| *before == ' ');
        let is_digit = |at: usize| digits.get(at).copied().flatten().is_some();
        let cut = chars.get(at..at + 2) == Some(&['.', '.'])
            && (2..6).all(|next| is_digit(at + next))
            && !is_digit(at + 6);
        if begins && cut {
            digits.iter_mut().skip(at + 2).take(4).for_each(|digit| *digit = None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_check_digit(mut digits: Vec<u8>) -> Vec<u8> {
        digits.push(0);
        let good = (0..10).find(|last| {
            *digits.last_mut().expect("there is one") = *last;
            luhn(&digits)
        });
        *digits.last_mut().expect("there is one") = good.expect("one of ten is right");
        digits
    }

    #[test]
    fn a_card_number_is_cut_however_it_is_written() {
        for (written, kept) in [
            ("4111111111111111", "..1111"),
            ("card 4111 1111 1111 1111 lost", "card ..1111 lost"),
            ("4111-1111-1111-1111", "..1111"),
            ("4111.1111.1111.1111", "..1111"),
            ("4111_1111_1111_1111", "..1111"),
            ("4111/1111/1111/1111", "..1111"),
            ("4111  1111  1111  1111", "..1111"),
            ("4111 - 1111 - 1111 - 1111", "..1111"),
            ("4111\u{a0}1111\u{202f}1111\u{2003}1111", "..1111"),
            ("4111\u{2013}1111\u{2011}1111\u{2212}1111", "..1111"),
            ("4111:1111:1111:1111", "..1111"),
            ("4111,1111,1111,1111", "..1111"),
            ("4111?1111*1111|1111", "..1111"),
            ("4111..1111..1111..1111", "..1111"),
            ("４１１１１１１１１１１１１１１１", "..1111"),
            ("٤١١١ ١١١١ ١١١١ ١١١١", "..1111"),
            ("४१११११११११११११११", "..1111"),
            ("𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏", "..1111"),
            ("card4111111111111111end", "card..1111end"),
            ("PAN4111111111111111", "PAN..1111"),
            ("shop122 5299 9200 0000 0149", "shop122 ..0149"),
            ("shop122 5299920000000149 07/28", "shop122 ..0149 07/28"),
            ("378282246310005 amex", "..0005 amex"),
            ("3782 822463 10005", "..0005"),
            ("4222222222222", "..2222"),
            ("6304000000000000000", "..0000"),
            ("4111111111111111 and 5555555555554444", "..1111 and ..4444"),
            ("4111111111111111 5555555555554444", "..1111 ..4444"),
        ] {
            assert_eq!(mask_card_numbers(written), kept, "{written}");
        }
    }

    #[test]
    fn every_window_of_digits_counts_and_not_the_longest_run_alone() {
        for text in [
            "0004111111111111111",
            "41111111111111110",
            "9 4111111111111111 9",
            "12 34 4111111111111111 56 78",
        ] {
            let masked = mask_card_numbers(text);
            assert!(
                !masked.contains("411111111111") && masked.len() < text.len(),
                "{text}: {masked}"
            );
        }
    }

    #[test]
    fn what_is_no_card_number_stays() {
        for text in [
            "4111111111111112",
            "order 20260403 of 12",
            "bb75ad44-ebee-42c5-8550-204901404e93",
            "1,234,567.89 of 12,345,678.90",
            "0.0000000000000",
            "2026-11-28T14:08:08.123456Z",
            "20261128140808",
            "2026-11-28 14.08.08",
            "+46 70 123 45 67",
            "..1111 ..4444 ..0149 ..0005",
            "made-9f86d081884c7d659a2feaa0",
        ] {
            assert_eq!(mask_card_numbers(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_card_number_is_left_whatever_stands_around_it(
            digits in proptest::collection::vec(0_u8..10, 12..=18),
            gaps in proptest::collection::vec("|||| |  |-|\\.|_|/|\u{a0}", 18),
            before in "([a-z]{1,6}|[0-9]{1,3} |[a-z]{1,6}[0-9]{1,3} )?",
            after in "([a-z]{1,6}| [0-9]{1,3}| [0-9]{1,3}[a-z]{1,6})?",
        ) {
            let number = with_check_digit(digits);
            prop_assume!(number.iter().any(|digit| *digit != 0));
            prop_assume!(!is_date_and_time(&number));
            let mut written = String::new();
            for (at, digit) in number.iter().enumerate() {
                written.push(char::from(b'0' + digit));
                let gap = gaps.get(at).filter(|_| at + 1 < number.len());
                written.push_str(gap.map_or("", |gap| gap));
            }
            let masked = mask_card_numbers(&format!("{before}{written}{after}"));
            let left: String = masked.chars().filter(char::is_ascii_digit).collect();
            let whole: String = number.iter().map(|digit| char::from(b'0' + digit)).collect();
            prop_assert!(!left.contains(&whole), "{masked}");
            prop_assert_eq!(mask_card_numbers(&masked), masked);
        }

        #[test]
        fn a_networks_number_is_found_inside_a_longer_run_of_digits(
            begin in "4|5[1-5]|222[1-9]|2[3-6][0-9]{2}|60|62|65",
            rest in "[0-9]{15}",
            before in "[0-9]{0,8}",
            after in "[0-9]{0,8}",
        ) {
            let digits = begin.chars().chain(rest.chars()).take(15).filter_map(digit).collect();
            let number = with_check_digit(digits);
            let number: String = number.iter().map(|digit| char::from(b'0' + digit)).collect();
            let masked = mask_card_numbers(&format!("{before}{number}{after}"));
            prop_assert!(!masked.contains(&number), "{masked}");
            prop_assert_eq!(mask_card_numbers(&masked), masked);
        }

        #[test]
        fn ids_amounts_and_times_are_left_alone(
            uuid in "[0-9a-f]{7}[a-f]-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            operation in "ct[0-9A-HJKMNP-TV-Z]{26}",
            amount in "-?[0-9]{1,9}\\.[0-9]{2} [A-Z]{3}",
            seconds in 0_i64..4_000_000_000,
        ) {
            let time = jiff::Timestamp::from_second(seconds).expect("a time").to_string();
            let failed = format!("task {uuid} failed");
            for text in [uuid.clone(), uuid.to_uppercase(), failed, operation, amount, time] {
                prop_assert_eq!(mask_card_numbers(&text), text);
            }
        }
    }
}
