//! Foreign text: cleaned once where it enters, fitted by display column where it is drawn.
//!
//! Nothing else in the crate measures or strips text.

mod card_number;
mod code_points;

use std::path::Path;

use jiff::Timestamp;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use card_number::mask_card_numbers;
use code_points::{LineBreaks, safe, steers};

/// Longest foreign text that is kept, in characters; the rest is cut.
const LONGEST: usize = 400;

/// Most characters of a foreign text that are looked at. Card numbers are cut before the text is,
/// so that none is cut in two: as many as it takes to fill [`LONGEST`] with card numbers that are
/// written as widely as possible.
const MOST_LOOKED_AT: usize = 8_000;

/// Free text of a stranger, as it is kept and shown: one line in NFC without controls, escape
/// sequences and invisible code points, card numbers cut to `..1234`, at most 400 characters.
///
/// A `?` stands where an escape sequence, a control or an override of the reading direction was.
/// Joiners (U+200C, U+200D) stay between letters that need them, as in Hindi and Persian. A flag
/// becomes the letters of its country.
///
/// Not for ids: they may have the form of a card number, and the provider wants them back as they
/// are.
#[must_use]
pub fn clean(text: &str) -> String {
    let start: String = text.chars().take(MOST_LOOKED_AT).collect();
    let kept: String = mask_card_numbers(&one_line(&start)).chars().take(LONGEST).collect();
    kept.trim_end_matches([' ', '\u{200c}', '\u{200d}']).to_owned()
}

/// A sentence of any length that may quote foreign text: as [`clean`], but with its numbers.
#[must_use]
pub fn one_line(text: &str) -> String {
    safe(text, LineBreaks::Join).trim().to_owned()
}

/// What was pasted into a line of input, as it may stand there: as [`clean`], but without marks,
/// which nobody typed.
#[must_use]
pub fn pasted(text: &str) -> String {
    clean(&text.chars().filter(|c| c.is_whitespace() || !steers(*c)).collect::<String>())
}

/// Whether a code point is safe by itself: seen, and drawn alike everywhere.
#[must_use]
pub fn is_safe(c: char) -> bool {
    c == ' ' || clean(c.encode_utf8(&mut [0; 4])).chars().eq([c])
}

/// Text of any length that is about to be printed: nothing in it steers a terminal or is invisible.
/// Line breaks stay, and so do numbers: it may have ids in it that somebody is to copy.
#[must_use]
pub fn printable(text: &str) -> String {
    safe(text, LineBreaks::Keep)
}

/// A file or folder as it is named in a sentence. Its name may be anybody's.
#[must_use]
pub fn of_path(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// Display columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    // Most of what is drawn, and several times as fast.
    if is_plain(text) { text.len() } else { UnicodeWidthStr::width(text) }
}

/// Whether each byte is a letter, figure, sign or blank of ASCII: one column each, and none joins
/// with its neighbour.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The text in at most `columns` columns: whole graphemes, `~` at the end when something was cut. A
/// figure is never cut in two: what would be left of it reads like another one.
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
    if goes_on && begun.chars().all(of_figure) {
        out.truncate(out.len() - begun.len());
        // A sign that stands alone belongs to the figure behind it.
        if let Some(before) = out.strip_suffix("- ").or_else(|| out.strip_suffix("+ "))
            && (before.is_empty() || before.ends_with(' '))
        {
            out.truncate(before.len());
        }
        used = width(&out);
    }
    if used < columns {
        out.push('~');
    }
    out
}

/// As [`fit`], but where the text ends with a sum (`DECLINED 3m 41.90`, `top-up 30.00 USD`) the
/// words before it are cut and the sum stays, as long as it has room.
#[must_use]
pub fn fit_keeping_sum(text: &str, columns: usize) -> String {
    let words = width(text) > columns;
    match sum_at_end(text).filter(|sum| words && width(sum) + 2 <= columns) {
        Some(sum) => {
            let before = text[..text.len() - sum.len()].trim_end();
            format!("{} {sum}", fit(before, columns - width(sum) - 1))
        }
        None => fit(text, columns),
    }
}

/// The figure that a text ends with, and its currency where one follows.
fn sum_at_end(text: &str) -> Option<&str> {
    let is_figure =
        |word: &str| word.chars().all(of_figure) && word.contains(|c: char| c.is_ascii_digit());
    let (before, last) = text.rsplit_once(' ')?;
    if is_figure(last) {
        return Some(last);
    }
    let is_currency = last.len() == 3 && last.chars().all(|c| c.is_ascii_uppercase());
    let figure = before.rsplit(' ').next().filter(|word| is_currency && is_figure(word))?;
    text.get(before.len() - figure.len()..)
}

fn of_figure(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '~')
}

/// The words on lines of at most `columns`; a longer word, such as a path, goes on in the next
/// line, so that nothing of it is cut.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => push_word(&mut lines, word, columns),
        }
    }
    lines
}

/// Begins a line with a word, and goes on in the next where the word is longer than a line.
fn push_word(lines: &mut Vec<String>, word: &str, columns: usize) {
    let mut line = String::new();
    for grapheme in word.graphemes(true) {
        if !line.is_empty() && width(&line) + width(grapheme) > columns {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(grapheme);
    }
    lines.push(line);
}

/// A number with its thousands apart: `2,311`.
#[must_use]
pub fn thousands(number: usize) -> String {
    group_digits(&number.to_string())
}

/// Digits in groups of three, from the right.
#[must_use]
pub fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The text in exactly `columns` columns, filled with blanks on the right.
#[must_use]
pub fn pad_right(text: &str, columns: usize) -> String {
    let mut out = fit(text, columns);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

/// The text in exactly `columns` columns, filled with blanks on the left.
#[must_use]
pub fn pad_left(text: &str, columns: usize) -> String {
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

    /// Hostile texts, and what is left of them.
    const HOSTILE: [(&str, &str); 42] = [
        ("\x1b]0;PWN\x07ICA\u{202e}MAXI\u{200b}", "?ICA?MAXI"),
        ("\x1b]0;PWN\x1b\\ICA", "?ICA"),
        ("\u{9d}0;PWN\u{9c}ICA", "?ICA"),
        ("\x1b]0;PWN", "?]0;PWN"),
        ("\x1b[31mred\x1b[0m", "?red?"),
        ("\u{9b}2Jgone", "?gone"),
        ("\x1b[31", "?[31"),
        ("\x1bP1;2q\x1b\\sixel", "?sixel"),
        ("\x1b]52;c;aGk=\x07clip", "?clip"),
        ("\x1b\x1b\x07\x00x", "?x"),
        ("Mara\u{7f}", "Mara?"),
        ("a\u{84}b", "a?b"),
        ("two\nlines\tand\u{2028}more", "two lines and more"),
        ("a\u{202e}b\u{202d}c", "a?b?c"),
        ("a\u{202a}\u{2066}b\u{2069}\u{202c}", "ab"),
        ("a\u{34f}\u{115f}\u{1160}\u{3164}\u{ffa0}b", "ab"),
        ("a\u{17b4}\u{17b5}\u{180b}\u{180e}\u{180f}b", "ab"),
        ("a\u{ad}\u{2060}\u{2064}\u{feff}\u{fffb}b", "ab"),
        ("a\u{e0001}\u{e0041}\u{e007f}b", "ab"),
        ("a\u{e0100}\u{e01ef}\u{fe0f}b", "ab"),
        ("a\u{1d173}\u{1bca0}\u{fdd0}\u{ffff}b", "ab"),
        ("a\u{2800}\u{3000}\u{a0}b", "a   b"),
        ("a\u{e000}\u{f8ff}b", "a?b"),
        ("AC\u{200d}ME", "ACME"),
        ("क्\u{200d}ष", "क्\u{200d}ष"),
        ("क्\u{200d}\u{200d}\u{200c}ष", "क्\u{200d}ष"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("\u{200d}क\u{200c}", "क"),
        ("क\u{200d} ष", "क ष"),
        ("👩\u{200d}👩\u{200d}👧", "👩👩👧"),
        ("👍\u{1f3fd}", "👍"),
        ("1\u{fe0f}\u{20e3}", "1"),
        ("🇩🇪 taxi", "DE taxi"),
        ("🇩taxi", "Dtaxi"),
        ("z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}y", "z\u{300}\u{301}\u{302}\u{303}y"),
        ("\u{301}\u{302}a \u{301}b", "a b"),
        ("e\u{301}", "é"),
        ("Nguye\u{302}\u{303}n", "Nguyễn"),
        (
            "한\u{1161}\u{1161}\u{1161}\u{1161}\u{1161}\u{1161}",
            "한\u{1161}\u{1161}\u{1161}\u{1161}",
        ),
        ("  padded  ", "padded"),
        ("4111\u{200b}1111\u{ad}1111\u{2060}1111", "..1111"),
        ("4111\x1b[0m1111\x1b[0m1111\x1b[0m1111", "..1111"),
    ];

    #[test]
    fn nothing_that_steers_a_terminal_or_is_invisible_stays_and_what_steers_leaves_a_mark() {
        for (hostile, left) in HOSTILE {
            assert_eq!(clean(hostile), left, "{hostile:?}");
            assert_eq!(clean(left), left, "once is enough: {hostile:?}");
            assert!(
                printable(hostile).chars().all(|c| !c.is_control() || c == '\n'),
                "{hostile:?}"
            );
            assert_eq!(
                of_path(Path::new(hostile)).chars().filter(|c| c.is_control()).count(),
                0,
                "{hostile:?}"
            );
        }
    }

    #[test]
    fn a_message_of_our_own_keeps_its_lines_and_the_ids_that_are_to_be_copied() {
        assert_eq!(
            printable("fits 2 cards:\n  art/4111111111111111\x1b[2J\n"),
            "fits 2 cards:\n  art/4111111111111111?\n"
        );
        assert_eq!(one_line("name\n\x1b[2Jis odd"), "name ?is odd");
        assert_eq!(one_line(&"long ".repeat(200)).chars().count(), 999, "a sentence is not cut");
    }

    #[test]
    fn a_card_number_is_not_cut_in_two_by_the_longest_text_that_is_kept() {
        for before in 380..402 {
            let text = format!("{}{}", "x".repeat(before), "4111 1111 1111 1111 ".repeat(30));
            assert!(
                clean(&text).chars().filter(char::is_ascii_digit).count() <= 20,
                "{}",
                clean(&text)
            );
            assert!(!clean(&text).contains("4111"), "{}", clean(&text));
        }
        let many = "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1, ".repeat(10_000);
        assert!(!clean(&many).contains('4') && clean(&many).chars().count() <= LONGEST);
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
        assert_eq!(fit("DECLINED 3m 41.90", 17), "DECLINED 3m 41.90");
        assert_eq!(fit("ICA MAXI STOCKHOLM", 15), "ICA MAXI STOCK~");
        assert_eq!(fit("APPROX ~", 8), "APPROX ~");
        assert_eq!(fit("APPROX -5.00", 9), "APPROX ~", "nor is its sign left behind");
        assert_eq!(fit("APPROX - 5.00", 11), "APPROX ~", "also where it stands alone");
        assert_eq!(fit("- 18.00 held", 6), "~");
        assert_eq!(fit("artha - not read", 12), "artha - not~");
        assert_eq!(pad_right("ab", 4), "ab  ");
        assert_eq!(pad_left("ab", 4), "  ab");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn words_are_cut_before_the_sum_that_they_end_with() {
        for (text, columns, cut) in [
            ("DECLINED 3m 41.90", 17, "DECLINED 3m 41.90"),
            ("DECLINED 3m 3,477.70", 17, "DECLINE~ 3,477.70"),
            ("short 2,448.50", 10, "~ 2,448.50"),
            ("short 2,448.50", 9, "short ~"),
            ("top-up 5,000 JPY", 12, "t~ 5,000 JPY"),
            ("top-up 5,000 JPY", 13, "to~ 5,000 JPY"),
            ("answer only, no proof", 12, "answer only~"),
            ("REWE 0412 BERLIN ABC", 12, "REWE 0412 B~"),
        ] {
            assert_eq!(fit_keeping_sum(text, columns), cut);
        }
    }

    #[test]
    fn words_are_wrapped_and_digits_grouped() {
        assert_eq!(wrap("short 29.50 now, or more", 11), ["short 29.50", "now, or", "more"]);
        assert_eq!(wrap("id 49d6821e-4867 of it", 8), ["id", "49d6821e", "-4867 of", "it"]);
        assert_eq!(wrap("  ", 8), Vec::<String>::new());
        assert_eq!([0, 999, 1_000, 2_345_678].map(thousands), ["0", "999", "1,000", "2,345,678"]);
    }

    proptest! {
        #[test]
        fn a_text_is_as_wide_as_its_letters(text in prop_oneof!["[ -~]{0,20}", "\\PC{0,20}"]) {
            prop_assert_eq!(width(&text), UnicodeWidthStr::width(text.as_str()));
        }
    }

    proptest! {
        #[test]
        fn fitted_text_has_exactly_its_columns(text in "\\PC{0,30}", columns in 0_usize..20) {
            prop_assert_eq!(width(&pad_right(&clean(&text), columns)), columns);
            prop_assert!(width(&fit(&clean(&text), columns)) <= columns);
        }

        #[test]
        fn clean_text_is_safe_and_cleaning_it_again_changes_nothing(text in any::<String>()) {
            let cleaned = clean(&text);
            let steers = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!cleaned.chars().any(steers));
            prop_assert!(cleaned.chars().count() <= LONGEST);
            prop_assert_eq!(clean(&cleaned), cleaned);
        }

        #[test]
        fn marks_and_joiners_of_any_order_are_cleaned_at_once(
            text in concat!(
                "[a-cक-घ\u{93c}\u{94d}\u{300}-\u{308}\u{200c}\u{200d}",
                "\u{1100}-\u{1180}\u{1f1e6}-\u{1f1e9} ?]{0,24}",
            )
        ) {
            let cleaned = clean(&text);
            prop_assert_eq!(clean(&cleaned), cleaned);
        }
    }
}
