//! Keys and pasted text: which of them a dialog, the help or a filter takes, and which are
//! commands.

use super::chord::{Chord, Key};
use super::command::{Command, Group};
use super::keymap::written;
use super::layout::Pane;
use super::{Effect, Model};

impl Model {
    pub(super) fn press(&mut self, chord: Chord) -> Vec<Effect> {
        self.notice = None;
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

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
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
