//! The terminal's answer to the question for its background, taken out of what is typed.
//!
//! crossterm does not know this answer and hands it on as keys: `ESC ] 11 ; r g b : …` up to BEL or
//! `ESC \`. It may come late, among other keys, in two pieces, or never. So keys that may be its
//! beginning are held back until the next one decides, or for [`PATIENCE`].

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::ui::theme::Background;

/// Asks for the colour behind the text.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x07";

/// How the answer begins.
const BEGIN: &[u8] = b"\x1b]11;";

/// Most bytes of an answer; the longest known, with four digits a channel and opacity, is 30.
const LONGEST: usize = 64;

/// How long an Esc, or whatever else may begin the answer, is held back: an answer that is cut in
/// two comes with less between its parts, and nobody sees this delay.
pub(super) const PATIENCE: Duration = Duration::from_millis(25);

/// How long the rest of an answer that has plainly begun is waited for. Without a limit an end that
/// was lost on the way would take what is typed next.
const PATIENCE_FOR_REST: Duration = Duration::from_secs(2);

/// Takes the answer out of the events of a terminal that was asked.
#[derive(Debug, Default)]
pub(super) struct AnswerFilter {
    /// What may become the answer.
    held: Vec<Event>,
    /// The same as bytes.
    bytes: Vec<u8>,
    answered: bool,
}

/// What came of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It, and what was held back before it, in the order of typing.
    Events(Vec<Event>),
    /// It is held back.
    Nothing,
    /// It completes the answer.
    Background(Background),
}

/// How far bytes agree with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// They are no answer.
    Different,
    /// They may be its beginning, or keys.
    Possible,
    /// They begin it: nobody types this.
    Begun,
    Complete,
}

impl AnswerFilter {
    /// For a terminal that was not asked: nothing is held back.
    pub(super) fn not_asked() -> Self {
        Self { answered: true, ..Self::default() }
    }

    /// Takes an event.
    pub(super) fn filter(&mut self, event: Event) -> Found {
        if self.answered || !is_typed(&event) {
            return Found::Events(vec![event]);
        }
        let Some(bytes) = bytes(&event) else {
            return Found::Events(self.give_up().into_iter().chain([event]).collect());
        };
        let before = progress(&self.bytes);
        self.bytes.extend(bytes);
        self.held.push(event);
        match progress(&self.bytes) {
            Progress::Possible | Progress::Begun => Found::Nothing,
            Progress::Complete => {
                let background = background(&self.bytes);
                *self = Self::not_asked();
                Found::Background(background)
            }
            Progress::Different => self.begin_again(before),
        }
    }

    /// How long to wait for the next event, where something is held back.
    pub(super) fn patience(&self) -> Option<Duration> {
        if self.answered {
            return None;
        }
        match progress(&self.bytes) {
            Progress::Possible => Some(PATIENCE),
            Progress::Begun => Some(PATIENCE_FOR_REST),
            Progress::Complete | Progress::Different => None,
        }
    }

    /// What was held back, once nothing came for so long: these were keys. Of a begun answer there
    /// is nothing to give, and no other is expected.
    pub(super) fn give_up(&mut self) -> Vec<Event> {
        let begun = progress(&self.bytes) == Progress::Begun;
        let held = std::mem::take(&mut self.held);
        self.bytes.clear();
        self.answered |= begun;
        if begun { Vec::new() } else { held }
    }

    /// The last event does not go on with what was held `before`, but may begin the answer itself.
    fn begin_again(&mut self, before: Progress) -> Found {
        let last = self.held.pop();
        self.bytes.clear();
        let mut events = std::mem::take(&mut self.held);
        if before == Progress::Begun {
            events.clear();
        }
        match last {
            Some(last) if !events.is_empty() || before == Progress::Begun => {
                match self.filter(last) {
                    Found::Events(more) => events.extend(more),
                    Found::Nothing => {}
                    Found::Background(background) => return Found::Background(background),
                }
            }
            Some(last) => events.push(last),
            None => {}
        }
        Found::Events(events)
    }
}

/// Whether it came from the keyboard's side of the terminal, in which an answer comes as well.
fn is_typed(event: &Event) -> bool {
    match event {
        Event::Key(key) => key.kind != KeyEventKind::Release,
        Event::Paste(_) => true,
        Event::Resize(..) | Event::Mouse(_) | Event::FocusGained | Event::FocusLost => false,
    }
}

/// The bytes that crossterm made a key of, where they can stand in an answer.
fn bytes(event: &Event) -> Option<Vec<u8>> {
    let Event::Key(KeyEvent { code, modifiers, .. }) = event else { return None };
    let held = modifiers.difference(KeyModifiers::SHIFT);
    match code {
        KeyCode::Esc if held.is_empty() => Some(vec![0x1b]),
        KeyCode::Char('g') if held == KeyModifiers::CONTROL => Some(vec![0x07]),
        KeyCode::Char(c) => {
            let byte = u8::try_from(*c).ok().filter(u8::is_ascii_graphic)?;
            match held {
                KeyModifiers::NONE => Some(vec![byte]),
                KeyModifiers::ALT => Some(vec![0x1b, byte]),
                _ => None,
            }
        }
        _ => None,
    }
}

fn progress(bytes: &[u8]) -> Progress {
    let Some(rest) = bytes.strip_prefix(BEGIN) else {
        let possible = !bytes.is_empty() && BEGIN.starts_with(bytes);
        return if possible { Progress::Possible } else { Progress::Different };
    };
    let is_colour = |byte: &u8| byte.is_ascii_alphanumeric() || b":/#".contains(byte);
    let length = rest.iter().take_while(|byte| is_colour(byte)).count();
    match rest.get(length..) {
        Some([] | [0x1b]) if length <= LONGEST => Progress::Begun,
        Some([0x07] | [0x1b, b'\\']) => Progress::Complete,
        Some(_) | None => Progress::Different,
    }
}

/// Light or dark, from a complete answer: `rgb:` or `rgba:` and one to four hexadecimal digits a
/// channel, or `#` and two.
fn background(answer: &[u8]) -> Background {
    let text = String::from_utf8_lossy(answer);
    let colour = text
        .trim_start_matches("\x1b]11;")
        .trim_end_matches(|c: char| c.is_ascii_control() || c == '\\');
    let channels: Option<Vec<u32>> = match colour.split_once(':') {
        Some(("rgb" | "rgba", channels)) => channels.split('/').take(3).map(share).collect(),
        Some(_) => None,
        None => colour.strip_prefix('#').and_then(|digits| {
            (0..3).map(|channel| share(digits.get(2 * channel..2 * channel + 2)?)).collect()
        }),
    };
    match channels.as_deref() {
        // The weights of Rec. 601, in thousandths; half is where black and white text are as
        // readable to the eye.
        Some([red, green, blue]) if 299 * red + 587 * green + 114 * blue > 127_500 => {
            Background::Light
        }
        Some([_, _, _]) => Background::Dark,
        Some(_) | None => Background::Unknown,
    }
}

/// A channel as 0 to 255, however many digits it has.
fn share(digits: &str) -> Option<u32> {
    let most = match digits.len() {
        length @ 1..=4 => 16_u32.pow(u32::try_from(length).ok()?) - 1,
        _ => return None,
    };
    u32::from_str_radix(digits, 16).ok().map(|value| value * 255 / most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn char(c: char) -> Event {
        let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        key(KeyCode::Char(c), shift)
    }

    fn alt(c: char) -> Event {
        key(KeyCode::Char(c), KeyModifiers::ALT)
    }

    fn esc() -> Event {
        key(KeyCode::Esc, KeyModifiers::NONE)
    }

    fn bel() -> Event {
        key(KeyCode::Char('g'), KeyModifiers::CONTROL)
    }

    fn chars(text: &str) -> Vec<Event> {
        text.chars().map(char).collect()
    }

    /// What is left of events for the board, and what was answered.
    fn filtered(filter: &mut AnswerFilter, events: Vec<Event>) -> (Vec<Event>, Vec<Background>) {
        let (mut keys, mut answers) = (Vec::new(), Vec::new());
        for event in events {
            match filter.filter(event) {
                Found::Events(events) => keys.extend(events),
                Found::Nothing => {}
                Found::Background(background) => answers.push(background),
            }
        }
        keys.extend(filter.give_up());
        (keys, answers)
    }

    fn answer(colour: &str, end: Vec<Event>) -> Vec<Event> {
        [vec![alt(']')], chars(&format!("11;{colour}")), end].concat()
    }

    #[test]
    fn an_answer_among_keys_is_taken_out_and_no_key_is_lost() {
        for (colour, background) in [
            ("rgb:ffff/ffff/ffff", Background::Light),
            ("rgb:1e1e/1e1e/2e2e", Background::Dark),
            ("rgb:FD/F6/E3", Background::Light),
            ("rgba:0000/2b2b/3636/ffff", Background::Dark),
            ("rgb:f/f/f", Background::Light),
            ("#fafafa", Background::Light),
            ("cyan", Background::Unknown),
            ("rgb:12345/0/0", Background::Unknown),
            ("rgb:ff/ff", Background::Unknown),
        ] {
            for end in [vec![bel()], vec![alt('\\')], vec![esc(), char('\\')]] {
                let typed = [chars("/11;42"), vec![bel()]].concat();
                let all = [chars("/11;42"), answer(colour, end), vec![bel()]].concat();
                let mut filter = AnswerFilter::default();
                assert_eq!(filtered(&mut filter, all), (typed, vec![background]), "{colour}");
            }
        }
    }

    #[test]
    fn an_answer_that_is_cut_behind_its_first_byte_is_still_one() {
        let cut = [vec![esc(), char(']')], chars("11;rgb:00/00/00"), vec![bel()]].concat();
        assert_eq!(
            filtered(&mut AnswerFilter::default(), cut),
            (Vec::new(), vec![Background::Dark])
        );
    }

    #[test]
    fn keys_that_only_begin_like_an_answer_come_through_in_their_order() {
        for typed in [
            vec![esc()],
            vec![esc(), esc(), char('q')],
            vec![alt(']'), char('1'), char('q')],
            vec![alt(']'), alt(']'), char('1'), char('1'), char('x')],
            vec![esc(), char('f')],
            vec![alt(']'), Event::Paste("11;".to_owned())],
            vec![bel(), key(KeyCode::Up, KeyModifiers::NONE), char('ж')],
        ] {
            assert_eq!(filtered(&mut AnswerFilter::default(), typed.clone()), (typed, Vec::new()));
        }
    }

    #[test]
    fn an_answer_whose_end_was_lost_takes_no_keys_for_ever() {
        let mut filter = AnswerFilter::default();
        for event in [vec![alt(']')], chars("11;rgb:1e1e/")].concat() {
            assert_eq!(filter.filter(event), Found::Nothing);
        }
        assert_eq!(filter.patience(), Some(PATIENCE_FOR_REST));
        assert_eq!(filter.give_up(), []);
        assert_eq!(filter.patience(), None);
        for event in chars("4242") {
            assert_eq!(filter.filter(event.clone()), Found::Events(vec![event]));
        }
    }

    #[test]
    fn a_key_that_may_begin_an_answer_is_held_for_a_moment_only() {
        let mut filter = AnswerFilter::default();
        assert_eq!(filter.patience(), None);
        assert_eq!(filter.filter(esc()), Found::Nothing);
        assert_eq!(filter.patience(), Some(PATIENCE));
        assert_eq!(filter.give_up(), [esc()]);
        assert_eq!(filter.patience(), None);
        let resized = Event::Resize(80, 24);
        assert_eq!(filter.filter(alt(']')), Found::Nothing);
        assert_eq!(filter.filter(resized.clone()), Found::Events(vec![resized]));
    }

    #[test]
    fn a_broken_answer_becomes_no_keys() {
        let broken =
            [vec![alt(']')], chars("11;rgb:ff"), vec![key(KeyCode::Up, KeyModifiers::NONE)]];
        let left = filtered(&mut AnswerFilter::default(), broken.concat());
        assert_eq!(left, (vec![key(KeyCode::Up, KeyModifiers::NONE)], Vec::new()));
        let endless = [vec![alt(']')], chars("11;"), chars(&"f".repeat(LONGEST + 1))].concat();
        assert_eq!(filtered(&mut AnswerFilter::default(), endless).0, chars("f"));
    }

    #[test]
    fn after_the_answer_and_where_nothing_was_asked_nothing_is_held() {
        for mut filter in [AnswerFilter::not_asked(), {
            let mut asked = AnswerFilter::default();
            _ = filtered(&mut asked, answer("rgb:0/0/0", vec![bel()]));
            asked
        }] {
            assert_eq!(filter.filter(esc()), Found::Events(vec![esc()]));
            assert_eq!(filter.filter(alt(']')), Found::Events(vec![alt(']')]));
        }
    }
}
