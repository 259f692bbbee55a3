//! Trouble that a test or a scenario makes: what is read is incomplete, moves while it is read, or
//! is written oddly. Single requests that go wrong are faults (`faults.rs`).

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::bank::{Card, Kind, Row};
use super::json::{Json, text};
use super::{Dialect, Endpoint, Merchant, Reply, Sandbox, faults, foreign};
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

/// What happens to a list right after a page of it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListChange {
    /// A fee comes in: everything behind it moves down by a row.
    Insert,
    /// The newest row that is spending leaves the list: everything behind it moves up. A hold is
    /// let go by it.
    Remove,
    /// A row from the middle gets the time of now and goes to the top.
    Move,
    /// A row from the middle gets another id.
    Rename,
    /// The newest row that is spending is listed twice from now on.
    Repeat,
}

/// Fields of a row that are written otherwise than they should be, each as this text in quotes.
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
        let card = match card_id.map(|id| endpoint.bank.find(id)) {
            Some(None) => return Vec::new(),
            Some(card) => card,
            None => None,
        };
        let mut rows: Vec<ListedRow> = Vec::new();
        for row in endpoint.bank.listed_rows(card) {
            let Some(card) = endpoint.bank.cards.get(row.card) else { continue };
            let id = foreign::wire_id(dialect, &endpoint.bank, row);
            if rows.last().is_some_and(|last| last.id == id) {
                continue;
            }
            rows.push(ListedRow {
                id,
                card_id: card.id.clone(),
                at: row.at,
                amount: Money::new(row.amount, card.currency),
                pending: row.progress == super::bank::Progress::Pending,
            });
        }
        rows
    }

    /// Lets the oldest hold of a card go: its money is free again and no list has it any more. The
    /// id it had, or `None` when the card holds nothing.
    pub fn release_hold(&self, dialect: Dialect, card_id: &str) -> Option<String> {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let hold = endpoint.bank.find(card_id).and_then(|card| endpoint.bank.oldest_hold(card))?;
        let id = wire_id_at(dialect, &endpoint, hold)?;
        endpoint.bank.vanish(hold, now);
        Some(id)
    }

    /// Keeps the newest credit of a card out of the lists, which show it late. Its id, or `None`
    /// when the card has none.
    pub fn withhold_newest_credit(&self, dialect: Dialect, card_id: &str) -> Option<String> {
        let mut endpoint = self.endpoint(dialect);
        let card = endpoint.bank.find(card_id)?;
        let newest = endpoint
            .bank
            .rows
            .iter()
            .rposition(|row| row.card == card && row.kind == Kind::TopUp && !row.hidden)?;
        endpoint.bank.withheld.insert(newest);
        wire_id_at(dialect, &endpoint, newest)
    }

    /// Lists everything that was held back, where it belongs.
    pub fn list_withheld(&self, dialect: Dialect) {
        self.endpoint(dialect).bank.withheld.clear();
    }

    /// Lets the oldest hold of a card be booked as another row, with an id of its own, for this
    /// sum, dated so long before now: the hold is listed no more. The ids of hold and booking, or
    /// `None` when the card holds nothing.
    pub fn clear_under_new_id(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
        dated_back: SignedDuration,
    ) -> Option<(String, String)> {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let hold = endpoint.bank.find(card_id).and_then(|card| endpoint.bank.oldest_hold(card))?;
        let before = wire_id_at(dialect, &endpoint, hold)?;
        let booked = endpoint.bank.clear_as_another(hold, sum, dated_back, now)?;
        Some((before, wire_id_at(dialect, &endpoint, booked)?))
    }

    /// Books a purchase that nobody saw coming, dated so long before now: it is listed where it
    /// would have been. Its id, or `None` for an unknown card.
    pub fn book_late(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
        shop: Merchant,
        dated_back: SignedDuration,
    ) -> Option<String> {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let card = endpoint.bank.find(card_id)?;
        let row = endpoint.bank.book(card, sum, Some(shop), dated_back, now);
        wire_id_at(dialect, &endpoint, row)
    }

    /// Plans what happens after the next lists of transactions that are read over the wire, one
    /// thing each.
    pub fn change_between_pages(
        &self,
        dialect: Dialect,
        what: impl IntoIterator<Item = ListChange>,
    ) {
        self.endpoint(dialect).bank.list_changes.extend(what);
    }

    /// Forgets what was planned to happen between pages.
    pub fn cancel_list_changes(&self, dialect: Dialect) {
        self.endpoint(dialect).bank.list_changes.clear();
    }

    /// Lets one such thing happen now, to the list of a card or of all.
    pub fn change_list_now(&self, dialect: Dialect, what: ListChange, card_id: Option<&str>) {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let card = card_id.and_then(|id| endpoint.bank.find(id));
        endpoint.bank.change_list(what, card, now);
    }

    /// Gives pages at most so many rows, whatever is asked for; `None` gives as many as asked
    /// again. enkash's list of cards is not paged.
    pub fn cap_pages(&self, dialect: Dialect, most: Option<usize>) {
        self.endpoint(dialect).bank.page_cap = most;
    }

    /// Lets lists tell the length of their page where they should tell that of the whole. artha's
    /// tell nothing.
    pub fn set_totals_count_page(&self, dialect: Dialect, on: bool) {
        self.endpoint(dialect).bank.totals_count_the_page = on;
    }

    /// Lets rows spell their card's id otherwise than rosters and lists of cards do: artha's GUIDs
    /// in capitals, banana's and ibanera's numbers as text with zeros in front, enkash's ids with
    /// blanks around.
    pub fn set_alternate_ids_in_rows(&self, dialect: Dialect, on: bool) {
        self.endpoint(dialect).bank.rows_spell_otherwise = on;
    }

    /// Makes one card the one with trouble, or well again. False for an unknown card.
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

    /// Books a purchase of ten dollars' worth whose row is written like this. Its id, or `None` for
    /// an unknown card.
    pub fn add_malformed_row(
        &self,
        dialect: Dialect,
        card_id: &str,
        written: RowOverrides,
    ) -> Option<String> {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let card = endpoint.bank.find(card_id)?;
        let currency = endpoint.bank.cards.get(card)?.currency;
        let shop = Merchant::new("ODD ROW", "5999", "SE");
        let row = endpoint.bank.book(
            card,
            super::bank::scaled(1_000, currency),
            Some(shop),
            SignedDuration::ZERO,
            now,
        );
        endpoint.bank.rows.get_mut(row)?.written = written;
        wire_id_at(dialect, &endpoint, row)
    }

    /// Refuses one purchase for every reason there is, a millisecond apart, in the order of
    /// [`Decline::ALL`]. False for an unknown card.
    ///
    /// [`Decline::ALL`]: super::world::Decline::ALL
    pub fn decline_for_every_reason(
        &self,
        dialect: Dialect,
        card_id: &str,
        shop: &Merchant,
    ) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id);
        found.map(|card| endpoint.bank.refuse_for_every_reason(card, shop, now)).is_some()
    }
}

fn wire_id_at(dialect: Dialect, endpoint: &Endpoint, position: usize) -> Option<String> {
    endpoint.bank.rows.get(position).map(|row| foreign::wire_id(dialect, &endpoint.bank, row))
}

/// What is answered to a reading about a card with trouble, instead of the truth; `None` where the
/// trouble lies in single fields.
pub(super) fn replacement_reply(trouble: &CardTrouble) -> Option<Reply> {
    match trouble {
        CardTrouble::Answer500 => {
            Some(Reply::json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal error"}"#))
        }
        CardTrouble::WebPage403 => Some(faults::forbidden()),
        CardTrouble::EmptyObject => Some(Reply::json(StatusCode::OK, "{}")),
        CardTrouble::Figures(_) | CardTrouble::Currency(_) | CardTrouble::State(_) => None,
    }
}

/// A figure of a card's balance.
pub(super) fn figure(card: &Card, right: Json) -> Json {
    match &card.trouble {
        Some(CardTrouble::Figures(written)) => text(written.as_str()),
        _ => right,
    }
}

/// A card's currency.
pub(super) fn currency(card: &Card, right: &str) -> Json {
    match &card.trouble {
        Some(CardTrouble::Currency(written)) => text(written.as_str()),
        _ => text(right),
    }
}

/// A card's state.
pub(super) fn state(card: &Card, right: &str) -> Json {
    match &card.trouble {
        Some(CardTrouble::State(written)) => text(written.as_str()),
        _ => text(right),
    }
}

/// A row's amount.
pub(super) fn row_amount(row: &Row, right: Json) -> Json {
    row.written.amount.as_deref().map_or(right, text)
}

/// A row's time.
pub(super) fn row_time(row: &Row, right: Json) -> Json {
    row.written.time.as_deref().map_or(right, text)
}

/// A row's currency.
pub(super) fn row_currency(row: &Row, right: Json) -> Json {
    row.written.currency.as_deref().map_or(right, text)
}

/// A row's word for how far it got.
pub(super) fn row_state(row: &Row, right: Json) -> Json {
    row.written.state.as_deref().map_or(right, text)
}
