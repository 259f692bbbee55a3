//! Foreign text: cleaned once where it enters, fitted by display column where it is drawn.
//!
//! Nothing else in the crate measures or strips text.

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Longest foreign text that is kept, in characters; the rest is cut.
const LONGEST: usize = 400;

/// Text of a stranger without anything that steers a terminal or turns the reading direction: NFC, controls and bidi
/// marks removed, blanks for line breaks, card-number-like digit runs masked, at most 400 characters.
/// Joiners (U+200C, U+200D) stay: Hindi and Persian names need them.
#[must_use]
pub fn clean(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
        .filter(|&c| !steers(c))
        .nfc()
        .take(LONGEST)
        .collect();
    mask_card_numbers(plain.trim())
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Replaces all but the last four digits of anything that is shaped like a card number: 13 to 19 digits, single blanks
/// or dashes between them allowed, whose Luhn sum is right. Digits that a hexadecimal letter touches are part of an id, not a number.
#[must_use]
pub fn mask_card_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let run = digit_run(&chars, i);
        let digits: Vec<u8> = run
            .iter()
            .filter_map(|&at| chars.get(at).and_then(|c| c.to_digit(10)))
            .filter_map(|d| u8::try_from(d).ok())
            .collect();
        let hexadecimal =
            |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| matches!(c.to_ascii_lowercase(), 'a'..='f'));
        let inside_an_id = hexadecimal(i.checked_sub(1)) || hexadecimal(run.last().map(|last| last + 1));
        if (13..=19).contains(&digits.len()) && luhn(&digits) && !inside_an_id {
            out.push_str("..");
            for digit in digits.iter().skip(digits.len() - 4) {
                out.push(char::from(b'0' + digit));
            }
            i = run.last().map_or(i + 1, |last| last + 1);
        } else if let Some(last) = run.last() {
            out.extend(chars.iter().skip(i).take(last + 1 - i));
            i = last + 1;
        } else {
            out.extend(chars.get(i));
            i += 1;
        }
    }
    out
}

/// Positions of the digits of the run that starts at `from`, bridging single blanks and dashes; empty when no digit is there.
fn digit_run(chars: &[char], from: usize) -> Vec<usize> {
    let mut at = Vec::new();
    let mut i = from;
    while let Some(c) = chars.get(i) {
        if c.is_ascii_digit() {
            at.push(i);
        } else if at.is_empty() || !matches!(c, ' ' | '-') || at.last() != Some(&(i.wrapping_sub(1))) {
            break;
        }
        i += 1;
    }
    at
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| {
            let d = u32::from(d);
            if i % 2 == 0 {
                d
            } else if d < 5 {
                d * 2
            } else {
                d * 2 - 9
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Display columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `columns` columns: whole graphemes, `~` at the end when something was cut. A figure is never cut in two:
/// what would be left of it reads like another one.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = width(grapheme);
        if used + w + 1 > columns {
            break;
        }
        used += w;
        out.push_str(grapheme);
    }
    let begun = out.rfind(' ').map_or("", |space| &out[space + 1..]);
    let goes_on = text.get(out.len()..).is_some_and(|rest| rest.starts_with(of_figure));
    if goes_on && begun.contains(|c: char| c.is_ascii_digit()) && begun.chars().all(of_figure) {
        out.truncate(out.len() - begun.len());
        used = width(&out);
    }
    if used < columns {
        out.push('~');
    }
    out
}

fn of_figure(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '~')
}

/// The text in exactly `columns` columns, filled with blanks on the right.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    let mut out = fit(text, columns);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

/// The text in exactly `columns` columns, filled with blanks on the left.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    let fitted = fit(text, columns);
    let mut out = " ".repeat(columns.saturating_sub(width(&fitted)));
    out.push_str(&fitted);
    out
}

/// How long ago, in at most four columns: `4s`, `3m`, `2h`, `5d`, `99d+`. The future is `0s`.
#[must_use]
pub fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        172_800..8_640_000 => format!("{}d", seconds / 86_400),
        _ => "99d+".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_that_steers_a_terminal_stays() {
        assert_eq!(clean("\x1b]0;PWN\x07ICA\u{202e}MAXI\u{200b}"), "]0;PWNICAMAXI");
        assert_eq!(clean("two\nlines\tand"), "two lines and");
        assert_eq!(clean("क्\u{200d}ष"), "क्\u{200d}ष");
    }

    #[test]
    fn card_numbers_are_masked_and_other_numbers_are_not() {
        assert_eq!(clean("card 4111 1111 1111 1111 lost"), "card ..1111 lost");
        assert_eq!(clean("4111111111111111"), "..1111");
        assert_eq!(clean("4111111111111112"), "4111111111111112");
        assert_eq!(clean("order 20260403 of 12"), "order 20260403 of 12");
        assert_eq!(clean("bb75ad44-ebee-42c5-8550-204901404e93"), "bb75ad44-ebee-42c5-8550-204901404e93");
    }

    #[test]
    fn text_is_cut_by_column_with_a_tilde() {
        assert_eq!(fit("ICA MAXI STOCKHOLM", 10), "ICA MAXI ~");
        assert_eq!(fit("日本語テスト", 5), "日本~");
    }

    #[test]
    fn a_figure_is_never_cut_in_two() {
        assert_eq!(fit("DECLINED 3m 3,477.70", 17), "DECLINED 3m ~");
        assert_eq!(fit("short 29.50 now", 13), "short 29.50 ~");
        assert_eq!(fit("-27.75 USD", 8), "-27.75 ~");
        assert_eq!(fit("id 49d6821e-4867", 12), "id 49d6821e~");
        assert_eq!(left("ab", 4), "ab  ");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(fit("ab", 0), "");
    }

    proptest! {
        #[test]
        fn fitted_text_has_exactly_its_columns(text in "\\PC{0,30}", columns in 0_usize..20) {
            prop_assert_eq!(width(&left(&clean(&text), columns)), columns);
            prop_assert!(width(&fit(&clean(&text), columns)) <= columns);
        }

        #[test]
        fn clean_text_has_no_controls(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(steers));
        }
    }
}
