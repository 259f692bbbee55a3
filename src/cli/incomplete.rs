//! What a reading command prints on standard error when not everything could be read, and its
//! exit code.

use std::io::{self, Write};

use super::exit::{Exit, warn};
use super::global::Format;
use super::kept;
use crate::contract::{self, CompleteFrom, FromDataFile, View, json};
use crate::domain::card::Card;
use crate::domain::completeness::{Completeness, UnreadPart, UnreadRow};
use crate::domain::text::thousands;

/// Most sentences about the same kind of trouble.
const MOST: usize = 50;

/// What is missing from what a command prints.
#[derive(Debug)]
pub(crate) struct Missing(contract::Missing);

impl Missing {
    /// What a list lacks.
    pub(crate) fn of(completeness: Completeness) -> Self {
        let from_data_file = Vec::new();
        Self(contract::Missing { completeness, old_states: Vec::new(), from_data_file })
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
        let old_states = cards.into_iter().filter(old).cloned().collect();
        Self(contract::Missing { old_states, ..self.0 })
    }

    /// The same, with the accounts of which the data file answered.
    pub(crate) fn with_data_file(self, from_data_file: Vec<FromDataFile>) -> Self {
        Self(contract::Missing { from_data_file, ..self.0 })
    }

    /// What is missing of two lists from which one is made. An account of which the data file
    /// answered for both is as old as the older.
    pub(crate) fn join(&mut self, other: Self) {
        let Self(contract::Missing { completeness, old_states, from_data_file }) = other;
        self.0.completeness.join(completeness);
        self.0.old_states.extend(old_states);
        for account in from_data_file {
            // The cards of one list are those of the other.
            kept::join(&mut self.0.from_data_file, account, usize::max);
        }
    }

    /// Prints what is missing: one line of JSON, or sentences; nothing when nothing is.
    pub(crate) fn print(&self, format: Format, view: &View) {
        let Self(missing) = self;
        if missing.completeness.is_complete()
            && missing.old_states.is_empty()
            && missing.from_data_file.is_empty()
        {
            return;
        }
        match format {
            Format::Json => {
                // That it cannot be written is no reason to fail.
                let _ = writeln!(io::stderr().lock(), "{}", self.json());
            }
            Format::Table | Format::Csv => {
                self.sentences(view).iter().for_each(|sentence| warn(sentence))
            }
        }
    }

    /// 0 when nothing is missing, 1 when rows or states are, or the data file lacks something that
    /// was asked for, 3 when a card or an account could not be read.
    pub(crate) fn exit(&self) -> Exit {
        if !self.0.completeness.parts.is_empty() {
            Exit::Unreachable
        } else if self.0.completeness.rows.is_empty()
            && self.0.old_states.is_empty()
            && !self.0.from_data_file.iter().any(FromDataFile::is_incomplete)
        {
            Exit::Done
        } else {
            Exit::Refused
        }
    }

    fn sentences(&self, view: &View) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut add = |all: Vec<String>| {
            let more = all.len().saturating_sub(MOST);
            sentences.extend(all.into_iter().take(MOST));
            if more > 0 {
                sentences.push(format!("and {more} more"));
            }
        };
        add(self.0.completeness.parts.iter().map(UnreadPart::sentence).collect());
        add(self.0.completeness.rows.iter().map(UnreadRow::sentence).collect());
        add(self.0.old_states.iter().map(|card| old_state(card, view)).collect());
        add(self.0.from_data_file.iter().map(|account| from_data_file(account, view)).collect());
        let missing = self.0.completeness.missing();
        match (self.0.completeness.complete_to, missing.is_empty()) {
            (_, true) => {}
            (Some(to), false) => {
                let to = to.to_zoned(view.zone.clone()).strftime("%H:%M:%S");
                let from = self.0.completeness.complete_from;
                let from = from.map(|from| format!("from {} ", view.time(from)));
                let from = from.unwrap_or_default();
                sentences.push(format!("complete {from}to {to}; {missing}"));
            }
            (None, false) => sentences.push(format!("not complete; {missing}")),
        }
        sentences
    }

    fn json(&self) -> String {
        json::object(&self.0)
    }
}

fn from_data_file(account: &FromDataFile, view: &View) -> String {
    let provider = &account.provider;
    let never_read = match account.never_read {
        0 => String::new(),
        1 => "; 1 card was never read".to_owned(),
        count => format!("; {} cards were never read", thousands(count)),
    };
    let Some(at) = account.as_of else {
        return format!("{provider}: the data file has nothing of it{never_read}");
    };
    let complete = match account.complete_from {
        CompleteFrom::NoTimes => String::new(),
        CompleteFrom::At(from) => {
            let asked = account.asked_from.filter(|asked| *asked < from);
            let asked = asked.map(|asked| format!(" and not from {} as asked", view.time(asked)));
            format!(", complete from {}{}", view.time(from), asked.unwrap_or_default())
        }
        CompleteFrom::Unknown => ", and not known to be complete".to_owned(),
    };
    format!("{provider}: from the data file, as of {}{complete}{never_read}", view.time(at))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::{at, card};
    use crate::domain::card::{CardKey, ProviderId, Reading};
    use jiff::tz::TimeZone;

    fn view() -> View {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        View { color: false, terminal: false, now: at("2026-04-03T12:08:12Z"), zone }
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
        let mut list = Completeness::complete(at("2026-04-03T12:08:08Z"));
        list.add_unread_rows([odd(), UnreadRow { fingerprint: 2, ..odd() }]);
        let missing = Missing::of(list);
        assert_eq!(
            missing.sentences(&view()).last().map(String::as_str),
            Some("complete to 14:08:08; 2 rows could not be read")
        );
        assert_eq!(missing.exit(), Exit::Refused);
        let start = concat!(
            r#"{"complete_from":null,"complete_to":"2026-04-03T12:08:08Z","#,
            r#""unread_rows":[{"provider":"acme","#,
            r#""card_id":"c-1","id":null,"why":"has no amount"},"#
        );
        assert!(missing.json().starts_with(start), "{}", missing.json());
    }

    #[test]
    fn of_rows_and_cards_that_could_not_be_read_the_higher_exit_code_wins() {
        let mut list = Completeness::complete(at("2026-04-03T12:08:08Z"));
        assert_eq!(Missing::of(list.clone()).exit(), Exit::Done);
        list.add_unread_rows([odd()]);
        let provider = ProviderId::new("acme");
        list.add_unread_part(UnreadPart {
            card: Some(CardKey::new(&provider, "c-2")),
            provider,
            why: "HTTP 500".into(),
        });
        let missing = Missing::of(list);
        assert_eq!(missing.exit(), Exit::Unreachable);
        let sentences = missing.sentences(&view());
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
    fn a_data_file_that_does_not_reach_back_to_what_was_asked_is_said_and_no_success() {
        let from = at("2026-03-01T00:00:00Z");
        let kept = FromDataFile {
            provider: ProviderId::new("acme"),
            as_of: Some(at("2026-04-03T12:08:08Z")),
            complete_from: CompleteFrom::At(from),
            asked_from: Some(from),
            never_read: 0,
        };
        let said = |account: &FromDataFile| {
            let missing =
                Missing::of(Completeness::default()).with_data_file(vec![account.clone()]);
            (missing.sentences(&view()).concat(), missing.exit())
        };
        let words = "acme: from the data file, as of 2026-04-03 14:08:08+02:00";
        let whole = "complete from 2026-03-01 02:00:00+02:00";
        assert_eq!(said(&kept), (format!("{words}, {whole}"), Exit::Done));
        let not_asked = FromDataFile { asked_from: None, ..kept.clone() };
        assert_eq!(said(&not_asked).1, Exit::Done);
        let short = FromDataFile { asked_from: Some(at("2026-02-01T00:00:00Z")), ..kept.clone() };
        let asked = "and not from 2026-02-01 02:00:00+02:00 as asked";
        assert_eq!(said(&short), (format!("{words}, {whole} {asked}"), Exit::Refused));
        let unread =
            FromDataFile { complete_from: CompleteFrom::Unknown, never_read: 2, ..kept.clone() };
        let why = "and not known to be complete; 2 cards were never read";
        assert_eq!(said(&unread), (format!("{words}, {why}"), Exit::Refused));
        let nothing = FromDataFile { as_of: None, ..unread };
        let words = "acme: the data file has nothing of it; 2 cards were never read";
        assert_eq!(said(&nothing), (words.to_owned(), Exit::Refused));
    }

    #[test]
    fn a_state_that_is_older_than_the_figures_is_said() {
        let fresh = card();
        let old = Card { state_at: Some(at("2026-04-03T11:00:00Z")), ..card() };
        let never = Card { state_at: None, ..card() };
        let stale = Card { balance: card().balance.stale(&"no answer".into()), ..old.clone() };
        let unread = Card { balance: Reading::Never, ..never.clone() };
        let whole = || Missing::of(Completeness::complete(at("2026-04-03T12:08:08Z")));
        assert_eq!(whole().with_states_of([&fresh, &stale, &unread]).exit(), Exit::Done);
        let missing = whole().with_states_of([&fresh, &old, &never]);
        let sentences = missing.sentences(&view());
        assert!(
            sentences[0].contains("its state ACTIVE was read 2026-04-03 13:00:00+02:00"),
            "{sentences:?}"
        );
        assert!(sentences[1].contains("its state could not be read"), "{sentences:?}");
        let old = concat!(
            r#""old_states":[{"provider":"acme","card_id":"c-1","#,
            r#""state_as_of":"2026-04-03T11:00:00Z"}"#
        );
        assert!(missing.json().contains(old), "{}", missing.json());
    }
}
