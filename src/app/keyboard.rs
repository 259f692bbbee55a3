//! Keyboards whose letters are not Latin: which Latin key has the same place.
//!
//! A terminal tells the letter and not the key. So on a Cyrillic, Greek, Hebrew or Arabic layout no
//! letter would mean a command. Places are those of a US keyboard (QWERTY).

use super::chord::{Chord, Key};

/// A letter as another layout has it on the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LatinKey {
    /// The Latin letter, in the case of the other.
    pub(crate) letter: char,
    /// The layout that was typed on.
    pub(crate) layout: &'static str,
}

/// The keys that have letters on at least one of the layouts.
const PLACES: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,./";

/// Layouts by the letters on [`PLACES`]; a blank where a key has none, or one of ASCII.
const LAYOUTS: [(&str, &str); 5] = [
    ("Cyrillic", "йцукенгшщзхъфывапролджэячсмитьбю "),
    // Ukrainian, where it differs.
    ("Cyrillic", "           ї і        є          "),
    ("Greek", "  ερτυθιοπ  ασδφγηξκλ  ζχψωβνμ   "),
    ("Hebrew", "  קראטוןםפ  שדגכעיחלךף זסבהנמצתץ "),
    ("Arabic", "ضصثقفغعهخحجدشسيبلاتنمكطئءؤر ىةوزظ"),
];

/// The key of the same place on a Latin layout; `None` for what is no letter of these layouts.
pub(crate) fn latin_key(letter: char) -> Option<LatinKey> {
    // The letters of wide Latin that input methods for Chinese, Japanese and Korean type.
    if let '！'..='～' = letter {
        let letter = char::from_u32(u32::from(letter) - 0xfee0)?;
        return Some(LatinKey { letter, layout: "full-width" });
    }
    let is_upper = letter.is_uppercase();
    let lower = letter.to_lowercase().next().filter(|lower| !lower.is_ascii())?;
    LAYOUTS.iter().find_map(|(layout, letters)| {
        let place = letters.chars().position(|known| known == lower)?;
        let latin = PLACES.chars().nth(place)?;
        let letter = if is_upper { shifted(latin) } else { latin };
        Some(LatinKey { letter, layout })
    })
}

/// What a key of [`PLACES`] types with shift.
const fn shifted(key: char) -> char {
    match key {
        '[' => '{',
        ']' => '}',
        ';' => ':',
        '\'' => '"',
        ',' => '<',
        '.' => '>',
        '/' => '?',
        letter => letter.to_ascii_uppercase(),
    }
}

impl Chord {
    /// The same press on a Latin layout, where a letter of another one was typed.
    pub(crate) fn on_latin(&self) -> Option<(Self, LatinKey)> {
        let Key::Char(letter) = self.key else { return None };
        let latin = latin_key(letter)?;
        Some((Self { key: Key::Char(latin.letter), ..*self }, latin))
    }

    /// The character typed, where it is a letter that no Latin layout has.
    pub(crate) fn foreign_letter(&self) -> Option<char> {
        self.typed().filter(|c| c.is_alphabetic() && !is_latin(*c))
    }
}

/// Whether a letter is on Latin layouts, with or without marks.
const fn is_latin(letter: char) -> bool {
    matches!(letter, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latin(letters: &str) -> String {
        letters.chars().map(|letter| latin_key(letter).map_or('-', |latin| latin.letter)).collect()
    }

    #[test]
    fn a_letter_is_read_as_the_latin_key_of_the_same_place() {
        // The keys of freeze, top up, pin, close and quit, as each layout types them.
        assert_eq!(latin("аеЗСй"), "ftPCq");
        assert_eq!(latin("їіє"), "]s'");
        assert_eq!(latin("φτΠΨ"), "ftPC");
        assert_eq!(latin("כאפב"), "ftpc");
        assert_eq!(latin("بفحؤضظ"), "ftpcq/");
        assert_eq!(latin("ｆＴ／"), "fT/");
        assert_eq!(latin("fé語ß"), "----");
        assert_eq!(latin_key('а').map(|latin| latin.layout), Some("Cyrillic"));
    }

    #[test]
    fn each_layout_has_a_letter_or_a_blank_for_every_place_and_none_twice() {
        for (layout, letters) in LAYOUTS {
            assert_eq!(letters.chars().count(), PLACES.chars().count(), "{layout}: {letters}");
            let mut typed: Vec<char> = letters.chars().filter(|letter| *letter != ' ').collect();
            let all = typed.len();
            typed.sort_unstable();
            typed.dedup();
            assert_eq!(typed.len(), all, "{layout}");
            assert!(typed.iter().all(|letter| !letter.is_ascii()), "{layout}");
        }
    }

    #[test]
    fn a_letter_of_no_latin_layout_is_known_as_such() {
        let foreign = |c| Chord::char(c).foreign_letter();
        assert_eq!([foreign('н'), foreign('ა'), foreign('あ')], [Some('н'), Some('ა'), Some('あ')]);
        assert_eq!([foreign('y'), foreign('é'), foreign('7'), foreign('ỳ')], [None; 4]);
    }
}
