//! Keys and pasted text: which of them a dialog, the help or a filter takes, and which are
//! commands.

use super::chord::{Chord, Key};
use super::command::{Command, Group};
use super::keymap::written;
use super::layout::{Pane, is_too_small};
use super::search::Search;
use super::{Effect, Model};

impl Model {
    /// A key. A letter of another layout than the Latin one that means nothing itself is read as
    /// the key of the same place, but where letters are typed: in a dialog or a filter.
    pub(super) fn press(&mut self, chord: Chord) -> Vec<Effect> {
        if let Some(letter) = self.letter_after_escape(chord) {
            let mut effects = self.press(Chord::plain(Key::Esc));
            effects.extend(self.press(letter));
            return effects;
        }
        let typing = self.search(self.screen.focus).is_some_and(Search::is_typing);
        let commands = self.dialog.is_none() && !typing;
        let Some(letter) = chord.foreign_letter().filter(|_| commands) else {
            return self.press_latin(chord);
        };
        let is_bound = self.keymap.command(chord, self.screen.focus).is_some()
            || self.keymap.elsewhere(chord, self.screen.focus).is_some();
        if is_bound {
            return self.press_latin(chord);
        }
        let Some((read, latin)) = chord.on_latin() else {
            self.show_remark(&format!("{letter} is no key here: switch to a Latin layout"));
            return Vec::new();
        };
        let effects = self.press_latin(read);
        if self.notice.is_none() && self.dialog.is_none() && !self.layout_named {
            self.layout_named = true;
            self.show_notice(&format!(
                "{letter} read as {}: {} letters are read as the keys of the same place",
                latin.letter, latin.layout
            ));
        }
        effects
    }

    /// The letter of Esc and a letter that came in one piece. A terminal sends the same bytes for
    /// the letter with Alt, so that is what they are where the file of keys gives it a meaning.
    fn letter_after_escape(&self, chord: Chord) -> Option<Chord> {
        let Key::Char(letter) = chord.key else { return None };
        let is_bound = self.keymap.command(chord, self.screen.focus).is_some()
            || self.keymap.elsewhere(chord, self.screen.focus).is_some();
        (chord.alt && !chord.ctrl && !is_bound).then(|| Chord::char(letter))
    }

    fn press_latin(&mut self, chord: Chord) -> Vec<Effect> {
        self.notice = None;
        self.panes.feed.stop_seeking();
        let command = self.keymap.command(chord, self.screen.focus);
        // These two also work over a dialog and in a field, where every other key is typed. Only
        // with a modifier: whatever the file of keys says, no letter is taken there.
        let above = chord.ctrl || chord.alt || matches!(chord.key, Key::F(_));
        if command == Some(Command::Redraw) && above {
            return vec![Effect::Redraw];
        }
        if command == Some(Command::Suspend) && above {
            // What is typed into a dialog may be a secret: it is wiped first.
            self.dialog = None;
            return vec![Effect::Suspend];
        }
        if is_too_small(self.screen.size) && !leaves(chord, command) {
            // Nothing can be seen, so nothing is confirmed, chosen or typed.
            return Vec::new();
        }
        if let Some(dialog) = &mut self.dialog {
            let transition = dialog.key(&chord, &mut self.portfolio);
            return self.follow(transition);
        }
        if self.help.is_some() {
            self.press_over_help(&chord, command);
            return Vec::new();
        }
        if std::mem::take(&mut self.copying) {
            return self.copy(chord);
        }
        match self.search_mut() {
            (Some(search), portfolio)
                if search.is_typing() && !(chord.ctrl && command == Some(Command::Quit)) =>
            {
                search.key(&chord, portfolio);
                Vec::new()
            }
            (Some(_) | None, _) => match command {
                Some(command) => self.carry_out(command),
                None => {
                    self.remark_other_panes(chord);
                    Vec::new()
                }
            },
        }
    }

    /// Whether a key only changes what stands in the line of a filter.
    pub(super) fn edits_filter(&self, chord: Chord) -> bool {
        let command = self.keymap.command(chord, self.screen.focus);
        let is_above = chord.ctrl || chord.alt || matches!(chord.key, Key::F(_));
        let is_elsewhere = self.dialog.is_some()
            || self.help.is_some()
            || self.copying
            || is_too_small(self.screen.size)
            || (is_above && command.is_some());
        let search = self.search(self.screen.focus).filter(|_| !is_elsewhere);
        search.is_some_and(|search| search.is_edited_by(&chord))
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if is_too_small(self.screen.size) {
            return Vec::new();
        }
        if let Some(dialog) = &mut self.dialog {
            let transition = dialog.paste(text, &self.portfolio);
            return self.follow(transition);
        }
        if let (Some(search), portfolio) = self.search_mut() {
            search.paste(text, portfolio);
        }
        Vec::new()
    }

    /// Of a key that works in other panes only, says in which; of one that means nothing, that it
    /// does not. One that moves in other panes says nothing.
    fn remark_other_panes(&mut self, chord: Chord) {
        let Some(spec) = self.keymap.elsewhere(chord, self.screen.focus) else {
            let help = self.keymap.hint(Command::Help, "shows the keys");
            self.show_remark(&format!("{} does nothing here: {help}", written(chord)));
            return;
        };
        if spec.group == Group::Move && !spec.is_about_a_card() {
            return;
        }
        let text = if self.screen.focus == Pane::Providers && spec.is_about_a_card() {
            let cards = self.keymap.hint(Command::Cards, "shows the cards");
            format!("{} is for a card, this is a provider: {cards}", spec.help)
        } else {
            let panes: Vec<String> =
                spec.panes.iter().map(|pane| pane.name().to_lowercase()).collect();
            format!("{}: not here, but in {}", spec.help, panes.join(", "))
        };
        self.show_notice(&text);
    }
}

/// Whether a key only leaves what is open, or the board.
fn leaves(chord: Chord, command: Option<Command>) -> bool {
    chord == Chord::plain(Key::Esc) || command == Some(Command::Quit)
}
