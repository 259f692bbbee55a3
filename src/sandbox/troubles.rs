//! Trouble that a test or a scenario makes: what is read is incomplete, moves while it is read, or
//! is malformed. Single requests that go wrong are faults (`faults.rs`).

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::bank::{Card, Progress, Row, RowKind, Window, from_us_cents};
use super::call::Reply;
use super::json::{Json, text};
use super::{Dialect, Merchant, Sandbox, faults};
use crate::domain::money::Money;

/// What is wrong with all that is read of one card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardTrouble {
    /// Calls about this card alone are answered with 500.
    Answer500,
    /// They are answered with a proxy's web page and 403.
    WebPage403,
    /// They are answered with `{}`.
    EmptyObject,
    /// Every figure of its balance is written as this text, such as `1,000.00`; in lists of cards,
    /// too.
    Figures(String),
    /// Its currency is written as this text, such as `US$`; in lists of cards, too.
    Currency(String),
    /// Its state is written as this text, which may be empty; in lists of cards, too.
    State(String),
}

/// How a list changes right after a page of it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListChange {
    /// A fee is inserted at the top: everything behind it moves down by a row.
    Insert,
    /// The newest row that is spending leaves the list: everything behind it moves up. If it is a
    /// hold, it is released.
    Remove,
    /// A row from the middle gets the time of now and goes to the top.
    Move,
    /// A row from the middle gets another id.
    Rename,
    /// The newest row that is spending is listed twice from now on.
    Repeat,
}

/// Fields of a row that are overridden, each by this text in quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowOverrides {
    /// The amount, such as `(12.00)` or `1,234.56`.
    pub amount: Option<String>,
    /// The time, such as `24:00:00` or `20261128070000`.
    pub time: Option<String>,
    /// The currency, such as `US$`.
    pub currency: Option<String>,
    /// The word for how far it got, such as `Denied`. ibanera has none: there it is written
    /// instead of the pending flag.
    pub state: Option<String>,
}

/// A row as the bank lists it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRow {
    /// Its id as the provider writes it.
    pub id: String,
    /// Its card's id as cards and rosters have it.
    pub card_id: String,
    /// The time that is written in it.
    pub at: Timestamp,
    /// What moved on the card, never negative.
    pub amount: Money,
    /// Held, not booked yet.
    pub pending: bool,
}

impl Sandbox {
    /// Every row that a provider lists now, newest first, each once; of one card, or of all. This
    /// is the truth that a feed is compared with. Empty for an unknown card.
    #[must_use]
    pub fn listed_rows(&self, dialect: Dialect, card_id: Option<&str>) -> Vec<ListedRow> {
        let endpoint = self.endpoint(dialect);
        let bank = &endpoint.bank;
        let Ok(card) = bank.find_optional(card_id) else { return Vec::new() };
        let mut rows: Vec<ListedRow> = Vec::new();
        for row in bank.listed_rows(card, Window::ALL) {
            let Some(card) = bank.cards.get(row.card) else { continue };
            let id = bank.row_id(row);
            if rows.last().is_some_and(|last| last.id == id) {
                continue;
            }
            rows.push(ListedRow {
                id,
                card_id: card.id.clone(),
                at: row.at,
                amount: Money::new(row.amount, card.currency),
                pending: row.progress == Progress::Pending,
            });
        }
        rows
    }

    /// Releases the oldest hold of a card: its money is free again and no list has it any more. The
    /// id it had, or `None` when the card holds nothing.
    pub fn release_hold(&self, dialect: Dialect, card_id: &str) -> Option<String> {
        let released = self.with_card(dialect, card_id, |bank, card, now| {
            let hold = bank.oldest_hold(card)?;
            bank.vanish(hold, now);
            bank.row_id_at(hold)
        });
        released.flatten()
    }

    /// Keeps the newest credit of a card out of the lists, as if they showed it late. Its id, or
    /// `None` when the card has none.
    pub fn withhold_newest_credit(&self, dialect: Dialect, card_id: &str) -> Option<String> {
        let withheld = self.with_card(dialect, card_id, |bank, card, _| {
            let is_shown = |row: &Row| !bank.lists.hidden.contains(&row.position);
            let newest = bank
                .rows
                .iter()
                .rposition(|row| row.card == card && row.kind == RowKind::TopUp && is_shown(row))?;
            bank.lists.withheld.insert(newest);
            bank.row_id_at(newest)
        });
        withheld.flatten()
    }

    /// Lists every credit that was withheld, by the time that is written in it.
    pub fn list_withheld(&self, dialect: Dialect) {
        self.endpoint(dialect).bank.lists.withheld.clear();
    }

    /// Books the oldest hold of a card as another row, with an id of its own, for this sum, dated
    /// so long before now; the hold is listed no more. The ids of hold and booking, or `None` when
    /// the card holds nothing.
    pub fn clear_under_new_id(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
        dated_back: SignedDuration,
    ) -> Option<(String, String)> {
        let cleared = self.with_card(dialect, card_id, |bank, card, now| {
            let hold = bank.oldest_hold(card)?;
            let booked = bank.clear_as_another(hold, sum, dated_back, now)?;
            Some((bank.row_id_at(hold)?, bank.row_id_at(booked)?))
        });
        cleared.flatten()
    }

    /// Books a purchase that was never held, dated so long before now: it is listed where it would
    /// have been. Its id, or `None` for an unknown card.
    pub fn book_late(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
        merchant: Merchant,
        dated_back: SignedDuration,
    ) -> Option<String> {
        let booked = self.with_card(dialect, card_id, |bank, card, now| {
            let row = bank.book(card, sum, Some(merchant), dated_back, now);
            bank.row_id_at(row)
        });
        booked.flatten()
    }

    /// Plans how lists change after the next pages of transactions that are read over the wire, one
    /// change each.
    pub fn change_between_pages(
        &self,
        dialect: Dialect,
        changes: impl IntoIterator<Item = ListChange>,
    ) {
        self.endpoint(dialect).bank.lists.changes.extend(changes);
    }

    /// Cancels the changes that were planned and have not happened.
    pub fn cancel_list_changes(&self, dialect: Dialect) {
        self.endpoint(dialect).bank.lists.changes.clear();
    }

    /// Changes the list of a card, or of all, now.
    pub fn change_list_now(&self, dialect: Dialect, change: ListChange, card_id: Option<&str>) {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let card = card_id.and_then(|id| endpoint.bank.find(id));
        endpoint.bank.change_list(change, card, now);
    }

    /// Gives pages at most so many rows, whatever is asked for; `None` gives as many as are asked
    /// for again. A list that the wire gives whole stays whole (enkash's cards).
    pub fn cap_pages(&self, dialect: Dialect, most: Option<usize>) {
        self.endpoint(dialect).bank.lists.page_cap = most;
    }

    /// Lets lists give the length of their page where they should give that of the whole; without
    /// effect on wires whose lists give no length (artha).
    pub fn set_totals_count_page(&self, dialect: Dialect, on: bool) {
        self.endpoint(dialect).bank.lists.totals_count_page = on;
    }

    /// Lets rows spell their card's id otherwise than rosters and lists of cards do: GUIDs in
    /// capitals, numbers as text with zeros in front, other ids with blanks around.
    pub fn set_alternate_ids_in_rows(&self, dialect: Dialect, on: bool) {
        self.endpoint(dialect).bank.lists.alternate_ids = on;
    }

    /// Gives a card trouble, or ends it. False for an unknown card.
    pub fn set_card_trouble(
        &self,
        dialect: Dialect,
        card_id: &str,
        trouble: Option<CardTrouble>,
    ) -> bool {
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id).and_then(|card| endpoint.bank.cards.get_mut(card));
        found.map(|card| card.trouble = trouble).is_some()
    }

    /// Books a purchase of ten dollars' worth whose row has these fields. Its id, or `None` for an
    /// unknown card.
    pub fn add_malformed_row(
        &self,
        dialect: Dialect,
        card_id: &str,
        overrides: RowOverrides,
    ) -> Option<String> {
        let added = self.with_card(dialect, card_id, |bank, card, now| {
            let sum = from_us_cents(1_000, bank.cards.get(card)?.currency);
            let merchant = Merchant::new("ODD ROW", "5999", "SE");
            let row = bank.book(card, sum, Some(merchant), SignedDuration::ZERO, now);
            bank.rows.get_mut(row)?.overrides = overrides;
            bank.row_id_at(row)
        });
        added.flatten()
    }

    /// Declines one purchase for every reason there is, a millisecond apart, in the order of
    /// [`Decline::ALL`](super::Decline::ALL). False for an unknown card.
    pub fn decline_for_every_reason(
        &self,
        dialect: Dialect,
        card_id: &str,
        merchant: &Merchant,
    ) -> bool {
        self.with_card(dialect, card_id, |bank, card, now| {
            bank.decline_for_every_reason(card, merchant, now);
        })
        .is_some()
    }
}

/// What is answered to a reading about a card with trouble, instead of the truth; `None` where the
/// trouble lies in single fields.
pub(super) fn replacement_reply(trouble: &CardTrouble) -> Option<Reply> {
    match trouble {
        CardTrouble::Answer500 => Some(faults::internal_error()),
        CardTrouble::WebPage403 => Some(faults::forbidden()),
        CardTrouble::EmptyObject => Some(Reply::json(StatusCode::OK, "{}")),
        CardTrouble::Figures(_) | CardTrouble::Currency(_) | CardTrouble::State(_) => None,
    }
}

/// A figure of a card's balance as it is written: the actual one, or what its trouble puts there.
pub(super) fn figure(card: &Card, actual: Json) -> Json {
    if let Some(CardTrouble::Figures(written)) = &card.trouble {
        text(written.as_str())
    } else {
        actual
    }
}

/// A card's currency, likewise.
pub(super) fn currency(card: &Card, actual: &str) -> Json {
    if let Some(CardTrouble::Currency(written)) = &card.trouble {
        text(written.as_str())
    } else {
        text(actual)
    }
}

/// A card's state, likewise.
pub(super) fn state(card: &Card, actual: &str) -> Json {
    if let Some(CardTrouble::State(written)) = &card.trouble {
        text(written.as_str())
    } else {
        text(actual)
    }
}

/// A row's amount as it is written: the actual one, or its override.
pub(super) fn row_amount(row: &Row, actual: Json) -> Json {
    row.overrides.amount.as_deref().map_or(actual, text)
}

/// A row's time, likewise.
pub(super) fn row_time(row: &Row, actual: Json) -> Json {
    row.overrides.time.as_deref().map_or(actual, text)
}

/// A row's currency, likewise.
pub(super) fn row_currency(row: &Row, actual: Json) -> Json {
    row.overrides.currency.as_deref().map_or(actual, text)
}

/// A row's word for how far it got, likewise.
pub(super) fn row_state(row: &Row, actual: Json) -> Json {
    row.overrides.state.as_deref().map_or(actual, text)
}
