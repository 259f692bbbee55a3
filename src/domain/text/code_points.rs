//! Text without anything that steers a terminal, turns the reading direction, is invisible, or has
//! a width that terminals disagree on.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_width::UnicodeWidthChar;

/// Stands where something was removed that would have steered the terminal or turned the reading
/// direction. ASCII, so that every terminal and font shows it.
pub(super) const MARK: char = '?';

/// Most combining marks on one letter. Vietnamese needs two, Devanagari three, Tibetan and pointed
/// Hebrew four.
const MOST_MARKS: usize = 4;

/// Longest escape sequence that is removed with what it says. Of a longer one only the control
/// characters go.
const LONGEST_SEQUENCE: usize = 256;

/// What becomes of line breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineBreaks {
    /// `\n` stays: a message of our own may have several lines.
    Keep,
    /// Every line break becomes a blank.
    Join,
}

/// The text in NFC with every unsafe code point removed or replaced. Safe text comes back as it is.
pub(super) fn safe(text: &str, breaks: LineBreaks) -> String {
    let mut safe = text.to_owned();
    // Removing a code point can bring others together, which NFC then joins; a second pass finds
    // nothing more.
    for _ in 0..4 {
        let next = pass(&safe, breaks);
        if next == safe {
            break;
        }
        safe = next;
    }
    safe
}

fn pass(text: &str, breaks: LineBreaks) -> String {
    if text
        .bytes()
        .all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\n' && breaks == LineBreaks::Keep)
    {
        return text.to_owned();
    }
    let visible = without_controls(&text.chars().collect::<Vec<_>>(), breaks);
    let joined = with_needed_joiners(&visible);
    let marked = with_few_marks(joined.into_iter().nfc());
    with_needed_joiners(&marked).into_iter().collect()
}

/// Removes escape sequences, controls and invisible code points; blanks become U+0020.
fn without_controls(chars: &[char], breaks: LineBreaks) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len());
    let mut at = 0;
    let mut removed = false;
    while let Some(&c) = chars.get(at) {
        let fate = fate(c);
        at += if fate == Fate::Mark {
            sequence(chars.get(at..).unwrap_or_default()).max(1)
        } else {
            1
        };
        match fate {
            // Several in a row leave one mark.
            Fate::Mark if removed => continue,
            Fate::Mark => out.push(MARK),
            Fate::Drop => continue,
            Fate::Break if breaks == LineBreaks::Keep && c == '\n' => out.push('\n'),
            Fate::Break | Fate::Blank => out.push(' '),
            Fate::Letter(letter) => out.push(letter),
            Fate::Keep => out.push(c),
        }
        removed = fate == Fate::Mark;
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Letter(char),
    Blank,
    Break,
    Mark,
    Drop,
}

fn fate(c: char) -> Fate {
    match c {
        ' '..='~' => Fate::Keep,
        '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Break,
        // The letter of a flag. Alone and in pairs, terminals disagree on its width.
        '\u{1f1e6}'..='\u{1f1ff}' => Fate::Letter(
            u8::try_from(u32::from(c) - 0x1f1e6).map_or(MARK, |letter| char::from(b'A' + letter)),
        ),
        // Overrides of the reading direction, and private code points, which each font draws its
        // own way.
        '\u{202d}' | '\u{202e}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => Fate::Mark,
        '\u{2800}' => Fate::Blank,
        '\u{200c}' | '\u{200d}' => Fate::Keep,
        c if c.is_control() => Fate::Mark,
        c if c.is_whitespace() => Fate::Blank,
        c if is_invisible(c) => Fate::Drop,
        _ => Fate::Keep,
    }
}

/// Whether a code point steers a terminal or turns the reading direction: a mark stands in its
/// place.
pub(super) fn steers(c: char) -> bool {
    fate(c) == Fate::Mark
}

/// Code points that are not seen, or change only how others are drawn: Default_Ignorable_Code_Point
/// and Prepended_Concatenation_Mark of Unicode 16, format controls, enclosing marks, skin tones and
/// noncharacters.
fn is_invisible(c: char) -> bool {
    let default_ignorable = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    );
    let prepended = matches!(
        c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{13455}'
    );
    let enclosing = matches!(
        c,
        '\u{488}' | '\u{489}' | '\u{1abe}' | '\u{20dd}'..='\u{20e0}' | '\u{20e2}'..='\u{20e4}'
            | '\u{a670}'..='\u{a672}'
    );
    let skin_tone = matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
    let noncharacter = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    default_ignorable || prepended || enclosing || skin_tone || noncharacter
}

/// Length of the escape sequence (ECMA-48: control sequence, or control string with its terminator)
/// that begins here; 0 for none.
fn sequence(chars: &[char]) -> usize {
    let (kind, begun) = match chars {
        ['\u{1b}', kind, ..] => (*kind, 2),
        ['\u{9b}', ..] => ('[', 1),
        ['\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}', ..] => (']', 1),
        _ => return 0,
    };
    let rest = chars.get(begun..).unwrap_or_default();
    match kind {
        '[' => {
            let parameters =
                rest.iter().take(LONGEST_SEQUENCE).take_while(|c| matches!(c, ' '..='?')).count();
            if rest.get(parameters).is_some_and(|last| matches!(last, '@'..='~')) {
                begun + parameters + 1
            } else {
                0
            }
        }
        ']' | 'P' | 'X' | '^' | '_' => {
            let said = rest.iter().take(LONGEST_SEQUENCE).take_while(|c| !c.is_control()).count();
            match rest.get(said..).unwrap_or_default() {
                ['\u{7}' | '\u{9c}', ..] => begun + said + 1,
                ['\u{1b}', '\\', ..] => begun + said + 2,
                _ => 0,
            }
        }
        _ => 0,
    }
}

/// Joiners (U+200C, U+200D) only between letters of scripts whose spelling needs them, and one at a
/// time. Elsewhere they are invisible.
fn with_needed_joiners(chars: &[char]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(chars.len());
    for (at, &c) in chars.iter().enumerate() {
        let next = chars.get(at + 1..).unwrap_or_default().iter().find(|next| !is_joiner(**next));
        let needed = out.last().is_some_and(|last| is_joined(*last))
            && next.is_some_and(|next| is_joined(*next));
        if !is_joiner(c) || needed {
            out.push(c);
        }
    }
    out
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A letter or mark of a script that uses joiners: Arabic, Syriac, the scripts of India and its
/// neighbours, Mongolian.
fn is_joined(c: char) -> bool {
    let script = matches!(
        c,
        '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}' | '\u{1a20}'..='\u{1c4f}' | '\u{a800}'..='\u{a95f}'
            | '\u{a980}'..='\u{aaff}' | '\u{abc0}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}'
    );
    script && (c.is_alphabetic() || is_combining_mark(c))
}

/// At most [`MOST_MARKS`] combining marks on a letter, and none without one: it would sit on the
/// frame.
fn with_few_marks(chars: impl Iterator<Item = char>) -> Vec<char> {
    let mut out: Vec<char> = Vec::new();
    let mut room = 0;
    for c in chars {
        if is_mark(c) {
            if room > 0 {
                room -= 1;
                out.push(c);
            }
        } else if is_joiner(c) {
            out.push(c);
        } else if c == ' ' || c == '\n' {
            room = 0;
            out.push(c);
        } else if c.width().is_some_and(|width| width > 0) {
            room = MOST_MARKS;
            out.push(c);
        }
    }
    out
}

/// A combining mark, or a vowel or final consonant of Hangul that was not composed: it takes no
/// column of its own.
fn is_mark(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}')
}
