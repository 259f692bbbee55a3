//! The lines of a dialog, with their meanings, before anything is drawn.

use jiff::Timestamp;

use super::WIDTH;
use crate::app::dialog::confirmation::Confirmation;
use crate::app::dialog::form::{Form, FormBody};
use crate::app::dialog::target::{self, CardTail, TailSource, Target};
use crate::app::field::{Field, Window};
use crate::app::portfolio::Portfolio;
use crate::app::present::time::TimeFormat;
use crate::app::present::{Line, Role, line};
use crate::config::Environment;
use crate::domain::card::{CardKey, CardState, Reading};
use crate::domain::money::Money;
use crate::domain::operation::{OperationId, OperationState};
use crate::domain::text;

/// Columns inside the border.
pub(super) const INSIDE: usize = WIDTH as usize - 2;

/// Column at which values begin; labels stand before it.
pub(super) const VALUES: usize = 13;

/// Text with its role.
type Part = (Role, String);

/// One line.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) parts: Line,
    /// At which column the text cursor is, if here.
    pub(super) cursor: Option<usize>,
    /// It goes last when room is short.
    footer: bool,
}

/// All lines of a dialog.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// In the border.
    pub(super) title: String,
    rows: Vec<Row>,
    keys: Line,
}

pub(super) fn part(text: impl Into<String>, role: Role) -> Part {
    (role, text.into())
}

/// Ordinary text.
pub(super) fn plain(text: impl Into<String>) -> Part {
    part(text, Role::Text)
}

impl Sheet {
    /// A sheet with a blank line under its title.
    pub(super) fn new(title: impl Into<String>) -> Self {
        let mut sheet = Self { title: title.into(), ..Self::default() };
        sheet.blank();
        sheet
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.rows.push(Row::default());
    }

    /// A line from column 2 on.
    pub(super) fn line(&mut self, parts: impl IntoIterator<Item = Part>) {
        let parts = std::iter::once(plain("  ")).chain(parts).collect();
        self.rows.push(Row { parts, ..Row::default() });
    }

    /// A label with what belongs to it.
    pub(super) fn value(&mut self, label: &str, parts: impl IntoIterator<Item = Part>) {
        let label = part(text::pad_right(label, VALUES - 2), Role::Heading);
        self.line(std::iter::once(label).chain(parts));
    }

    /// A label, what belongs to it, and what stands at the right end.
    fn value_and_right(&mut self, label: &str, left: Line, right: Line) {
        let room = (INSIDE - VALUES - 2).saturating_sub(line::width(&right));
        let mut used = 0;
        let mut parts = Vec::new();
        for (role, content) in left {
            let fitted = text::fit(&content, room.saturating_sub(used + 1));
            used += text::width(&fitted);
            parts.push((role, fitted));
        }
        parts.push(plain(" ".repeat(room.saturating_sub(used))));
        parts.extend(right);
        self.value(label, parts);
    }

    /// A label, a figure that is never cut, and what stands at the right end; that goes on a line
    /// of its own where both do not fit.
    pub(super) fn figure_and_right(&mut self, label: &str, left: Line, right: Part) {
        if line::width(&left) + 1 + text::width(&right.1) <= INSIDE - VALUES - 2 {
            self.value_and_right(label, left, vec![right]);
        } else {
            self.value(label, left);
            self.value("", [right]);
        }
    }

    /// A label with text on as many lines as it needs.
    pub(super) fn text(&mut self, label: &str, content: &str, role: Role) {
        for (i, line) in wrapped(content, INSIDE - VALUES - 2).into_iter().enumerate() {
            self.value(if i == 0 { label } else { "" }, [part(line, role)]);
        }
    }

    /// Text from column 2 on, on as many lines as it needs.
    pub(super) fn paragraph(&mut self, content: &str, role: Role) {
        for line in wrapped(content, INSIDE - 4) {
            self.line([part(line, role)]);
        }
    }

    /// A field to type into, with a hint behind it.
    pub(super) fn field(
        &mut self,
        label: &str,
        field: &Field,
        columns: usize,
        focused: bool,
        hint: Line,
    ) {
        let Window { seen, cursor, .. } = field.window(columns);
        let mut parts = vec![
            part("[ ", Role::Muted),
            part(text::pad_right(&seen, columns), Role::Input),
            part(" ]", Role::Muted),
        ];
        parts.extend(hint);
        self.value(label, parts);
        if focused && let Some(row) = self.rows.last_mut() {
            row.cursor = Some(VALUES + 2 + cursor);
        }
    }

    /// Puts the text cursor into the last line.
    pub(super) fn cursor_at(&mut self, column: usize) {
        if let Some(row) = self.rows.last_mut() {
            row.cursor = Some(column);
        }
    }

    /// Where the four characters of the card are typed.
    pub(super) fn arm_by_tail(
        &mut self,
        tail: &CardTail,
        confirmation: &Confirmation,
        focused: bool,
    ) {
        let label = match tail.source {
            TailSource::CardNumber => "Type the last 4 of the card to arm:",
            TailSource::Id => "Type the end of the card's id to arm:",
        };
        self.arm(label, &tail.text, confirmation, focused);
        self.tail_source(tail);
    }

    /// Where the text is typed that arms the change, and whether it stands there.
    pub(super) fn arm(
        &mut self,
        label: &str,
        wanted: &str,
        confirmation: &Confirmation,
        focused: bool,
    ) {
        let columns = wanted.chars().count().max(4) + 1;
        let Window { seen, cursor, .. } = confirmation.typed.window(columns);
        let label = format!("{label}  ");
        let column = 2 + text::width(&label) + 2 + cursor;
        let armed = confirmation.typed.text() == wanted;
        let state =
            if armed { part("  armed", Role::Good) } else { part("  not armed", Role::Muted) };
        self.line([
            part(label, Role::Heading),
            part("[ ", Role::Muted),
            part(text::pad_right(&seen, columns), Role::Input),
            part(" ]", Role::Muted),
            state,
        ]);
        if focused {
            self.cursor_at(column);
        }
    }

    /// That the four characters are not the digits that are printed on the card.
    pub(super) fn tail_source(&mut self, tail: &CardTail) {
        if tail.source == TailSource::Id {
            self.line([part(
                "(the last four digits are not known: these are of the card's id)",
                Role::Muted,
            )]);
        }
    }

    /// The keys of the last line, and what each does.
    pub(super) fn keys(&mut self, keys: &[(&str, &str)]) {
        for (index, (key, meaning)) in keys.iter().enumerate() {
            if index > 0 {
                self.keys.push(plain("    "));
            }
            self.keys.extend([part(*key, Role::Key), plain(format!(" {meaning}"))]);
        }
    }

    /// Adds what the last key did, or why it did nothing; then the keys. There are at least so
    /// many lines in all: the box has the same height through all steps of a dialog.
    pub(super) fn with_footer(mut self, notice: Option<&str>, least: usize) -> Self {
        let notice = notice.map(|notice| wrapped(notice, INSIDE - 6));
        let footer = 2 + notice.as_ref().map_or(1, Vec::len);
        while self.rows.len() + footer < least {
            self.blank();
        }
        // One line is kept free for the notice, so that the box does not move when there is one.
        self.blank();
        match notice {
            Some(notice) => {
                for (index, line) in notice.into_iter().enumerate() {
                    let mark = if index == 0 { "! " } else { "  " };
                    self.line([part(mark, Role::Caution), part(line, Role::Caution)]);
                }
                self.mark_footer();
            }
            None => self.blank(),
        }
        let keys = std::mem::take(&mut self.keys);
        self.line(keys);
        self.mark_footer();
        self
    }

    /// The last line stays as long as anything does.
    fn mark_footer(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.footer = true;
        }
    }

    /// The card: digits and holder, provider and environment.
    pub(super) fn card(&mut self, key: &CardKey, portfolio: &Portfolio) {
        let card = portfolio.cards.get(key);
        let digits = target::digits(key, portfolio);
        let holder = portfolio.holder(key).to_owned();
        let environment = target::environment(key, portfolio);
        let role = match environment {
            Environment::Production => Role::Prod,
            Environment::Sandbox => Role::Muted,
        };
        let kind = card
            .as_ref()
            .and_then(|card| card.kind)
            .map_or_else(String::new, |kind| format!("{}  ", kind.as_str()));
        let right = vec![
            part(kind, Role::Muted),
            plain(format!("{}  ", text::fit(key.provider.name(), 16))),
            part(environment.as_str(), role),
        ];
        let name = if card.is_some_and(|card| card.last4.is_some()) || !holder.is_empty() {
            holder
        } else {
            format!("id {}", key.id)
        };
        self.value_and_right(
            "Card",
            vec![part(digits, Role::Heading), plain("  "), plain(name)],
            right,
        );
    }

    /// The card's state, and when it was read where it may be another by now.
    pub(super) fn state(&mut self, key: &CardKey, portfolio: &Portfolio) {
        let card = portfolio.cards.get(key);
        let state = card.as_ref().map_or(CardState::Unknown, |card| card.state).as_str();
        let read =
            card.filter(|card| card.balance.why_stale().is_some()).and_then(|card| card.read_at());
        match read {
            Some(at) => {
                let old = format!("{state}, last known at {}", clock(at, portfolio));
                self.value("State", [part(old, Role::Caution)]);
            }
            None => self.value("State", [plain(state)]),
        }
    }

    /// `ACTIVE -> FROZEN`, and when that was read.
    pub(super) fn state_change(
        &mut self,
        target: &Target,
        leads_to: CardState,
        portfolio: &Portfolio,
    ) {
        let now = portfolio.cards.get(&target.key).map_or(CardState::Unknown, |card| card.state);
        let change = vec![
            plain(now.as_str()),
            part(" -> ", Role::Muted),
            part(leads_to.as_str(), Role::Heading),
        ];
        self.value_and_right("State", change, vec![figures_age(target, portfolio)]);
    }

    /// A state that an operation went through: `SENT  14:08:11  saved, then sent once`.
    pub(super) fn operation_state(
        &mut self,
        state: OperationState,
        at: &str,
        meaning: &str,
        age: &str,
    ) {
        self.line([
            part(text::pad_right(state.as_str(), VALUES - 2), state_role(state)),
            part(format!("{at}  "), Role::Muted),
            plain(meaning),
            part(age, Role::Muted),
        ]);
    }

    /// That an unsettled earlier operation is overridden.
    pub(super) fn override_warning(&mut self, overrides: Option<OperationId>) {
        if overrides.is_some() {
            self.text(
                "SECOND",
                "sent although an earlier one is not settled: it may happen twice",
                Role::Danger,
            );
        }
    }

    /// That its provider cannot be asked now, and what changed of the card while the dialog was
    /// open.
    pub(super) fn news<Body: FormBody>(&mut self, form: &Form<Body>, portfolio: &Portfolio) {
        if let Some(unavailable) = form.unavailable(portfolio) {
            self.text("NOT NOW", &unavailable.to_string(), Role::Danger);
        }
        for change in form.target.changes.iter().rev().take(2).rev() {
            self.text("CHANGED", change, Role::Caution);
        }
    }

    /// Whether everything but blank lines fits.
    pub(super) fn fits(&self, height: usize) -> bool {
        self.rows.iter().filter(|row| !row.parts.is_empty()).count() <= height
    }

    /// The lines that fit: first blank ones go, then lines before the keys.
    pub(super) fn fitted(&self, height: usize) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        while rows.len() > height
            && let Some(at) = rows.iter().rposition(|row| row.parts.is_empty())
        {
            rows.remove(at);
        }
        while rows.len() > height {
            // What is typed into and the keys stay as long as anything does.
            let Some(at) = rows
                .iter()
                .rposition(|row| !row.footer && row.cursor.is_none())
                .or(rows.len().checked_sub(2))
            else {
                rows.truncate(height);
                break;
            };
            rows.remove(at);
        }
        rows
    }
}

/// Text on lines of at most `columns`; no text takes one empty line.
pub(super) fn wrapped(content: &str, columns: usize) -> Vec<String> {
    let lines = text::wrap(content, columns);
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// `14:08:08`, in the operator's zone; with the day where that is another.
pub(super) fn clock(at: Timestamp, portfolio: &Portfolio) -> String {
    portfolio.local_time(at, TimeFormat::Full)
}

/// When the card's figures were read, and whether they are being read again.
pub(super) fn figures_age(target: &Target, portfolio: &Portfolio) -> Part {
    let again = if target.reread { ", re-read" } else { ", asking again" };
    match portfolio.cards.get(&target.key).map(|card| card.balance) {
        None | Some(Reading::Never) => part(
            format!("never read{}", if target.reread { "" } else { ", asking now" }),
            Role::Muted,
        ),
        Some(Reading::At { at, .. }) => part(
            format!("read {} ({}){again}", clock(at, portfolio), text::age(portfolio.now, at)),
            Role::Muted,
        ),
        Some(Reading::Stale { at, .. }) => part(
            format!("LAST KNOWN {} ({})", clock(at, portfolio), text::age(portfolio.now, at)),
            Role::Caution,
        ),
    }
}

/// What is available, marked where it may be old.
pub(super) fn available(key: &CardKey, portfolio: &Portfolio) -> Part {
    let card = portfolio.cards.record(key);
    let Some(available) = card.and_then(|card| card.available()) else {
        return part("not known", Role::Caution);
    };
    let stale = card.is_some_and(|card| card.why_stale().is_some());
    money(available, stale)
}

/// An amount: `~` where it may be old, NEGATIVE below zero.
pub(super) fn money(amount: Money, stale: bool) -> Part {
    let mark = if stale { "~" } else { "" };
    if amount.is_negative() {
        part(format!("{mark}{amount} NEGATIVE"), Role::Danger)
    } else {
        part(format!("{mark}{amount}"), if stale { Role::Stale } else { Role::Money })
    }
}

/// How an operation's state is drawn.
pub(super) const fn state_role(state: OperationState) -> Role {
    match state {
        OperationState::Sent | OperationState::Accepted => Role::Focus,
        OperationState::Done => Role::Good,
        OperationState::Failed => Role::Danger,
        OperationState::Unknown => Role::Caution,
    }
}

/// The text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
