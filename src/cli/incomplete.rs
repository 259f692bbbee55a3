//! What a reading command says on standard error when not everything could be read, and what it
//! ends with.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::print::View;
use super::{Exit, Format, complain};
use crate::domain::card::Card;
use crate::domain::completeness::{Completeness, UnreadPart, UnreadRow};

/// Most sentences about the same kind of trouble.
const MOST: usize = 50;

/// What is missing from what a command prints.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Rows, cards and accounts that were not read.
    completeness: Completeness,
    /// Cards whose state is older than the figures beside it, or was never read.
    old_states: Vec<Card>,
}

impl Missing {
    /// What a list lacks.
    pub(crate) fn of(completeness: Completeness) -> Self {
        Self { completeness, old_states: Vec::new() }
    }

    /// The same, with those of the cards that are printed whose state was not read with their
    /// figures.
    pub(crate) fn with_states_of<'a>(self, cards: impl IntoIterator<Item = &'a Card>) -> Self {
        let old = |card: &&Card| {
            // A card that could not be read at all is named already.
            let read = card.balance.why_stale().is_none();
            read && (card.state_lags().is_some()
                || card.state_at.is_none() && card.balance.at().is_some())
        };
        Self { old_states: cards.into_iter().filter(old).cloned().collect(), ..self }
    }

    /// Says what is missing: one line of JSON, or sentences; nothing when nothing is.
    pub(crate) fn say(&self, view: &View) {
        if self.completeness.is_whole() && self.old_states.is_empty() {
            return;
        }
        match view.format {
            Format::Json => {
                // That it cannot be written is no reason to fail.
                let _ = writeln!(io::stderr().lock(), "{}", self.json());
            }
            Format::Table | Format::Csv => {
                self.sentences(view).iter().for_each(|sentence| complain(sentence))
            }
        }
    }

    /// 0 when nothing is missing, 1 when rows or states are, 3 when a card or an account is.
    pub(crate) fn exit(&self) -> Exit {
        if !self.completeness.parts.is_empty() {
            Exit::Unreachable
        } else if self.completeness.rows.is_empty() && self.old_states.is_empty() {
            Exit::Done
        } else {
            Exit::Refused
        }
    }

    fn sentences(&self, view: &View) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut tell = |all: Vec<String>| {
            let more = all.len().saturating_sub(MOST);
            sentences.extend(all.into_iter().take(MOST));
            if more > 0 {
                sentences.push(format!("and {more} more"));
            }
        };
        tell(self.completeness.parts.iter().map(UnreadPart::sentence).collect());
        tell(self.completeness.rows.iter().map(UnreadRow::sentence).collect());
        tell(self.old_states.iter().map(|card| old_state(card, view)).collect());
        let missing = self.completeness.missing();
        match (self.completeness.complete_to, missing.is_empty()) {
            (_, true) => {}
            (Some(to), false) => {
                let to = to.to_zoned(view.zone.clone()).strftime("%H:%M:%S");
                sentences.push(format!("complete to {to}; {missing}"));
            }
            (None, false) => sentences.push(format!("not complete; {missing}")),
        }
        sentences
    }

    fn json(&self) -> String {
        let row = |row| RowJson::of(row);
        let part = |part| PartJson::of(part);
        let parts = || self.completeness.parts.iter();
        let line = MissingJson {
            complete_to: self.completeness.complete_to,
            unread_rows: self.completeness.rows.iter().map(row).collect(),
            unread_cards: parts().filter(|part| part.card.is_some()).map(part).collect(),
            unread_accounts: parts().filter(|part| part.card.is_none()).map(part).collect(),
            old_states: self.old_states.iter().map(StateJson::of).collect(),
        };
        serde_json::to_string(&line).expect("text and times always become JSON")
    }
}

fn old_state(card: &Card, view: &View) -> String {
    match card.state_at {
        Some(at) => format!(
            "{}: its state {} was read {} and not with its figures: it may be another one by now",
            card.key,
            card.state.as_str(),
            view.time(at)
        ),
        None => format!("{}: its state could not be read, only its figures", card.key),
    }
}

/// `{"complete_to","unread_rows","unread_cards","unread_accounts","old_states"}`. `complete_to` is
/// `null` while a card or an account is missing.
#[derive(Serialize)]
struct MissingJson<'a> {
    complete_to: Option<Timestamp>,
    unread_rows: Vec<RowJson<'a>>,
    unread_cards: Vec<PartJson<'a>>,
    unread_accounts: Vec<PartJson<'a>>,
    old_states: Vec<StateJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    provider: &'a str,
    card_id: Option<&'a str>,
    id: Option<&'a str>,
    why: &'a str,
}

impl<'a> RowJson<'a> {
    fn of(row: &'a UnreadRow) -> Self {
        Self {
            provider: row.provider.name(),
            card_id: row.card.as_deref(),
            id: row.id.as_deref(),
            why: &row.why,
        }
    }
}

#[derive(Serialize)]
struct PartJson<'a> {
    provider: &'a str,
    card_id: Option<&'a str>,
    why: &'a str,
}

impl<'a> PartJson<'a> {
    fn of(part: &'a UnreadPart) -> Self {
        Self {
            provider: part.provider.name(),
            card_id: part.card.as_ref().map(|card| &*card.id),
            why: &part.why,
        }
    }
}

#[derive(Serialize)]
struct StateJson<'a> {
    provider: &'a str,
    card_id: &'a str,
    state_as_of: Option<Timestamp>,
}

impl<'a> StateJson<'a> {
    fn of(card: &'a Card) -> Self {
        Self {
            provider: card.key.provider.name(),
            card_id: &card.key.id,
            state_as_of: card.state_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::samples::{at, card};
    use crate::domain::card::{CardKey, ProviderId, Reading};
    use jiff::tz::TimeZone;

    fn view(format: Format) -> View {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        View { format, color: false, terminal: false, now: at("2026-04-03T12:08:12Z"), zone }
    }

    fn odd() -> UnreadRow {
        let provider = ProviderId::new("acme");
        UnreadRow {
            provider,
            card: Some("c-1".into()),
            id: None,
            why: "has no amount".into(),
            fingerprint: 1,
        }
    }

    #[test]
    fn a_list_that_is_not_complete_says_up_to_when_it_is_and_what_is_missing() {
        let mut list = Completeness::whole(at("2026-04-03T12:08:08Z"));
        list.miss_rows([odd(), UnreadRow { fingerprint: 2, ..odd() }]);
        let missing = Missing::of(list);
        assert_eq!(
            missing.sentences(&view(Format::Table)).last().map(String::as_str),
            Some("complete to 14:08:08; 2 rows could not be read")
        );
        assert_eq!(missing.exit(), Exit::Refused);
        assert!(missing.json().starts_with(r#"{"complete_to":"2026-04-03T12:08:08Z","unread_rows":[{"provider":"acme","card_id":"c-1","id":null,"why":"has no amount"},"#));
    }

    #[test]
    fn of_rows_and_cards_that_could_not_be_read_the_higher_exit_code_wins() {
        let mut list = Completeness::whole(at("2026-04-03T12:08:08Z"));
        assert_eq!(Missing::of(list.clone()).exit(), Exit::Done);
        list.miss_rows([odd()]);
        let provider = ProviderId::new("acme");
        list.miss(UnreadPart {
            card: Some(CardKey::new(&provider, "c-2")),
            provider,
            why: "HTTP 500".into(),
        });
        let missing = Missing::of(list);
        assert_eq!(missing.exit(), Exit::Unreachable);
        let sentences = missing.sentences(&view(Format::Table));
        assert_eq!(
            sentences,
            [
                "acme/c-2: HTTP 500",
                "acme/c-1: has no amount",
                "not complete; 1 row could not be read, 1 card could not be read"
            ]
        );
        assert!(
            missing.json().contains(r#""complete_to":null"#)
                && missing.json().contains(
                    r#""unread_cards":[{"provider":"acme","card_id":"c-2","why":"HTTP 500"}]"#
                )
        );
    }

    #[test]
    fn a_state_that_is_older_than_the_figures_is_said() {
        let fresh = card();
        let old = Card { state_at: Some(at("2026-04-03T11:00:00Z")), ..card() };
        let never = Card { state_at: None, ..card() };
        let stale = Card { balance: card().balance.stale(&"no answer".into()), ..old.clone() };
        let unread = Card { balance: Reading::Never, ..never.clone() };
        let whole = || Missing::of(Completeness::whole(at("2026-04-03T12:08:08Z")));
        assert_eq!(whole().with_states_of([&fresh, &stale, &unread]).exit(), Exit::Done);
        let missing = whole().with_states_of([&fresh, &old, &never]);
        let sentences = missing.sentences(&view(Format::Table));
        assert!(
            sentences[0].contains("its state ACTIVE was read 2026-04-03 13:00:00+02:00"),
            "{sentences:?}"
        );
        assert!(sentences[1].contains("its state could not be read"), "{sentences:?}");
        assert!(
            missing.json().contains(r#""old_states":[{"provider":"acme","card_id":"c-1","state_as_of":"2026-04-03T11:00:00Z"}"#)
        );
    }
}
