//! Which card, and which operation, a word of the command line means.
//!
//! It never guesses: a word that fits more than one is answered with the candidates.

use std::collections::HashMap;
use std::sync::Arc;

use super::exit::Exit;
use super::failure::{Failure, kind_of};
use super::session::Session;
use crate::contract::FailureKind;
use crate::domain::card::{Card, CardKey, IdForm, Last4, ProviderId, as_digits};
use crate::domain::operation::Operation;
use crate::domain::text;

/// The card that a word means, from what the data file knows; where that has none, lists are read
/// first: that of the account that the word names, or all.
///
/// # Errors
/// Usage, with the candidates, when it fits several; usage when it fits none; unreachable when it
/// fits none and a provider that might have it could not be read.
pub(crate) async fn card(session: &Session, word: &str) -> Result<Arc<Card>, Failure> {
    if let Some(card) = KnownCards::of(session).await.card(word)? {
        return Ok(card);
    }
    if let Some(key) = full_key(word, &names(session)) {
        // Without a list, reading card by card tells only digits that the roster does not.
        let capabilities = session.engine.capabilities(&key.provider).await;
        let has_list = capabilities.is_some_and(|has| has.list_cards.is_yes());
        if has_list || as_digits(&key.id).parse::<Last4>().is_ok() {
            let _whatever_it_lacks = session.engine.list_cards_at(&key.provider).await;
        }
        return match KnownCards::of(session).await.card(word)? {
            Some(card) => Ok(card),
            None => by_name(session, &key).await,
        };
    }
    let mut read = Vec::new();
    let mut exit = Exit::Usage;
    let mut unread = Vec::new();
    for listing in session.engine.list_cards().await {
        read.extend(listing.rows);
        // A card that could not be read is known all the same; a list that ended early may have
        // more.
        for part in listing.completeness.parts.iter().filter(|part| part.card.is_none()) {
            let refused = listing
                .failed
                .as_ref()
                .is_some_and(|error| Exit::of_error(error) != Exit::Unreachable);
            if !refused {
                exit = Exit::Unreachable;
            }
            unread.push(part.sentence());
        }
    }
    let found = unique(word, &matching(word, &read, &names(session)))?;
    found.ok_or_else(|| no_card(word, exit, &unread))
}

/// A card that is not known although the lists that may have it were read.
///
/// # Errors
/// Usage, where the word is no whole name; else as of [`card`].
pub(crate) async fn unlisted(session: &Session, word: &str) -> Result<Arc<Card>, Failure> {
    match full_key(word, &names(session)) {
        Some(key) => by_name(session, &key).await,
        None => Err(no_card(word, Exit::Usage, &[])),
    }
}

/// The account that a word names, where it is a whole name.
pub(crate) fn account_of(session: &Session, word: &str) -> Option<ProviderId> {
    full_key(word, &names(session)).map(|key| key.provider)
}

/// A card that no list has may still be read by its whole name.
async fn by_name(session: &Session, key: &CardKey) -> Result<Arc<Card>, Failure> {
    let read = session.engine.read_card(key).await;
    read.map(Arc::new).map_err(|error| Failure::unread(&error).of_card(key))
}

/// The card that a word means, from what the data file knows alone: no provider is asked.
///
/// # Errors
/// Usage, with the candidates, when it fits several; usage when it fits none.
pub(crate) async fn known(session: &Session, word: &str) -> Result<Arc<Card>, Failure> {
    let found = KnownCards::of(session).await.card(word)?;
    let asked_nobody = "no provider was asked (--refresh never)".to_owned();
    found.ok_or_else(|| no_card(word, Exit::Usage, &[asked_nobody]))
}

/// The cards that are known now, for whoever looks up many words: they are asked for once, and a
/// whole name is found with one look.
pub(crate) struct KnownCards {
    cards: Vec<Arc<Card>>,
    by_key: HashMap<CardKey, Arc<Card>>,
    names: Vec<Name>,
}

impl KnownCards {
    pub(crate) async fn of(session: &Session) -> Self {
        let cards = session.known_cards().await;
        let by_key = cards.iter().map(|card| (card.key.clone(), Arc::clone(card))).collect();
        Self { cards, by_key, names: names(session) }
    }

    /// Adds one that became known meanwhile.
    pub(crate) fn add(&mut self, card: &Arc<Card>) {
        if self.by_key.insert(card.key.clone(), Arc::clone(card)).is_none() {
            self.cards.push(Arc::clone(card));
        }
    }

    /// The card that a word means, if any is known.
    ///
    /// # Errors
    /// Usage, with the candidates, when it fits several.
    pub(crate) fn card(&self, word: &str) -> Result<Option<Arc<Card>>, Failure> {
        let named = full_key(word, &self.names).and_then(|key| self.by_key.get(&key));
        match named {
            Some(card) => Ok(Some(Arc::clone(card))),
            None => unique(word, &matching(word, &self.cards, &self.names)),
        }
    }
}

/// For a change: that a short word can mean no other card. A provider whose list was never read may
/// have one that it fits as well.
///
/// # Errors
/// Usage, with the candidates, when another card fits; unreachable, when a list that was never read
/// cannot be read now.
pub(crate) async fn ensure_no_other_fits(
    session: &Session,
    word: &str,
    card: &Card,
) -> Result<(), Failure> {
    if *word == card.key.to_string() {
        return Ok(());
    }
    let known = session.known_cards().await;
    let within = full_key(word, &names(session)).map(|key| key.provider);
    let never_read = |id: &ProviderId| {
        !known.iter().any(|card| card.key.provider == *id && card.balance.at().is_some())
    };
    let waiting = session.engine.waiting();
    let unread_list = session.providers.iter().any(|info| {
        // One whose secrets are still waited for may have a list.
        let waits = waiting.iter().any(|(id, _)| *id == info.id);
        let lists =
            waits || info.capabilities.is_some_and(|capabilities| capabilities.list_cards.is_yes());
        lists && within.as_ref().is_none_or(|provider| *provider == info.id) && never_read(&info.id)
    });
    if !unread_list {
        return Ok(());
    }
    let unread: Vec<ProviderId> =
        session.providers.iter().map(|info| info.id.clone()).filter(never_read).collect();
    for listing in session.engine.list_cards().await {
        let id = &listing.provider;
        let lists = session
            .engine
            .capabilities(id)
            .await
            .is_some_and(|capabilities| capabilities.list_cards.is_yes());
        let ended_early = listing.completeness.parts.iter().find(|part| part.card.is_none());
        if let Some(part) = ended_early.filter(|_| lists && unread.contains(id)) {
            let message = format!(
                "{}; it may have a card that {} fits too: write {}",
                part.sentence(),
                text::clean(word),
                card.key
            );
            let (exit, kind) = match &listing.failed {
                Some(error) => (Exit::of_error(error), kind_of(error.kind)),
                None => (Exit::Unreachable, FailureKind::Unreachable),
            };
            return Err(Failure::new(exit, kind, message).of_provider(id));
        }
    }
    unique(word, &matching(word, &session.known_cards().await, &names(session))).map(drop)
}

/// An account, and the form of its cards' ids.
type Name = (ProviderId, IdForm);

fn names(session: &Session) -> Vec<Name> {
    session.providers.iter().map(|info| (info.id.clone(), info.ids.cards)).collect()
}

/// The card that `provider/id` names, however its id is spelled.
fn full_key(word: &str, providers: &[Name]) -> Option<CardKey> {
    let (name, id) = word.split_once('/')?;
    let (provider, form) = providers.iter().find(|(provider, _)| provider.name() == name)?;
    (!id.trim().is_empty()).then(|| CardKey { provider: provider.clone(), id: form.canonical(id) })
}

/// The cards that a word fits: an exact id before beginnings of ids; the last four digits are as
/// good as either.
fn matching<'a>(word: &str, cards: &'a [Arc<Card>], providers: &[Name]) -> Vec<&'a Arc<Card>> {
    let (within, word) = match full_key(word, providers) {
        Some(key) => (Some(key.provider), key.id.to_string()),
        None => (None, word.to_owned()),
    };
    if word.is_empty() {
        return Vec::new();
    }
    let cards = || {
        cards
            .iter()
            .filter(|card| within.as_ref().is_none_or(|provider| card.key.provider == *provider))
    };
    let form = |card: &Card| {
        providers
            .iter()
            .find(|(name, _)| *name == card.key.provider)
            .map_or(IdForm::Opaque, |(_, form)| *form)
    };
    let is_id = |card: &Card| *card.key.id == *form(card).canonical(&word);
    let exact: Vec<&Arc<Card>> = cards().filter(|card| is_id(card)).collect();
    if within.is_some() && !exact.is_empty() {
        return exact;
    }
    let digits: Option<Last4> = as_digits(&word).parse().ok();
    let begins = |card: &Card| {
        card.key.id.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(&word))
    };
    cards()
        .filter(|card| {
            let by_id = if exact.is_empty() { begins(card) } else { is_id(card) };
            by_id || (digits.is_some() && card.last4 == digits)
        })
        .collect()
}

fn unique(word: &str, found: &[&Arc<Card>]) -> Result<Option<Arc<Card>>, Failure> {
    match found {
        [] => Ok(None),
        [card] => Ok(Some(Arc::clone(card))),
        several => Err(ambiguous(word, several)),
    }
}

fn ambiguous(word: &str, cards: &[&Arc<Card>]) -> Failure {
    let line = |card: &Card| {
        let state = card.state.as_str();
        format!("{}  {}  {state}  {}", card.key, card.digits(), card.holder)
    };
    one_of(
        format!("{} fits {} cards", text::clean(word), cards.len()),
        cards.iter().map(|card| card.key.to_string()).collect(),
        cards.iter().map(|card| line(card)).collect(),
    )
}

/// A word that fits several things.
fn one_of(message: String, names: Vec<String>, mut listing: Vec<String>) -> Failure {
    /// Most candidates that a person is shown.
    const LISTED: usize = 20;
    let more = listing.len().saturating_sub(LISTED);
    listing.truncate(LISTED);
    if more > 0 {
        listing.push(format!("and {more} more"));
    }
    let message = format!("{message}: write one of them");
    Failure::new(Exit::Usage, FailureKind::Ambiguous, message).candidates(names, listing)
}

fn no_card(word: &str, exit: Exit, unread: &[String]) -> Failure {
    let kind =
        if exit == Exit::Unreachable { FailureKind::Unreachable } else { FailureKind::NotFound };
    let message = format!(
        "no card fits {}: write provider/id, a unique beginning of an id, or the last four digits",
        text::clean(word)
    );
    let failure = Failure::new(exit, kind, message);
    unread.iter().fold(failure, |failure, why| failure.hint(format!("not looked through: {why}")))
}

/// The operation that a word means: its whole id, a unique beginning of it, or the four characters
/// that lists show.
///
/// # Errors
/// Usage: none, or the candidates of several.
pub(crate) fn operation<'a>(
    word: &str,
    operations: &'a [Operation],
) -> Result<&'a Operation, Failure> {
    let wanted = word.to_ascii_uppercase();
    let fits = |operation: &&Operation| {
        !wanted.is_empty()
            && (operation.id.to_string().starts_with(&wanted) || operation.id.short() == wanted)
    };
    let found: Vec<&Operation> = operations.iter().filter(fits).collect();
    match found.as_slice() {
        [operation] => Ok(operation),
        [] => {
            let message =
                format!("no operation fits {}: cardtop ops lists them", text::clean(word));
            Err(Failure::new(Exit::Usage, FailureKind::NotFound, message))
        }
        several => {
            let line = |operation: &Operation| {
                format!("{}  {}  {}", operation.id, operation.phrase(), operation.card)
            };
            Err(one_of(
                format!("{} fits {} operations", text::clean(word), several.len()),
                several.iter().map(|operation| operation.id.to_string()).collect(),
                several.iter().map(|operation| line(operation)).collect(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers() -> Vec<Name> {
        vec![(ProviderId::new("acme"), IdForm::Guid), (ProviderId::new("bravo"), IdForm::Opaque)]
    }

    fn cards() -> Vec<Arc<Card>> {
        let card = |provider: &str, id: &str, last4: &str| {
            Arc::new(Card {
                last4: last4.parse().ok(),
                ..Card::unread(CardKey::new(&ProviderId::new(provider), id))
            })
        };
        vec![
            card("acme", "9f00-aa", "4242"),
            card("acme", "9f00-ab", "0917"),
            card("acme", "77", "1111"),
            card("acme", "771", "2222"),
            card("bravo", "9f00-aa", "7731"),
            card("bravo", "4242", "5555"),
            card("bravo", "KIT-1", "0917"),
        ]
    }

    fn found(word: &str) -> Vec<String> {
        matching(word, &cards(), &providers()).iter().map(|card| card.key.to_string()).collect()
    }

    #[test]
    fn a_card_is_named_by_provider_and_id() {
        assert_eq!(found("acme/9f00-aa"), ["acme/9f00-aa"]);
        assert_eq!(found("bravo/9f00-aa"), ["bravo/9f00-aa"]);
        assert_eq!(found("acme/77"), ["acme/77"]);
    }

    #[test]
    fn a_card_is_named_by_a_unique_beginning_of_its_id_in_any_case() {
        assert_eq!(found("kit"), ["bravo/KIT-1"]);
        assert_eq!(found("..2222"), ["acme/771"], "as cards are shown");
        assert_eq!(found("..0917"), ["acme/9f00-ab", "bravo/KIT-1"]);
        assert_eq!(found("9f00-ab"), ["acme/9f00-ab"]);
        assert_eq!(found("bravo/9f"), ["bravo/9f00-aa"]);
        assert_eq!(found("77"), ["acme/77"], "an exact id wins over longer ones");
    }

    #[test]
    fn a_card_is_found_however_its_id_is_spelled() {
        let guid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
        let card = Arc::new(Card::unread(CardKey::new(&ProviderId::new("acme"), guid)));
        for word in [
            guid.to_owned(),
            guid.to_uppercase(),
            format!("acme/{}", guid.to_uppercase()),
            "3F2504E0".to_owned(),
        ] {
            let found = matching(&word, std::slice::from_ref(&card), &providers());
            assert_eq!(found.len(), 1, "{word}");
        }
        assert_eq!(
            full_key("acme/3F2504E0-4F89-11D3-9A0C-0305E82C3301", &providers()),
            Some(card.key.clone())
        );
    }

    #[test]
    fn a_card_is_named_by_its_last_four_digits() {
        assert_eq!(found("7731"), ["bravo/9f00-aa"]);
        assert_eq!(found("bravo/0917"), ["bravo/KIT-1"]);
    }

    #[test]
    fn what_fits_several_is_not_guessed() {
        assert_eq!(found("0917"), ["acme/9f00-ab", "bravo/KIT-1"]);
        assert_eq!(found("9f00-aa"), ["acme/9f00-aa", "bravo/9f00-aa"]);
        assert_eq!(found("4242"), ["acme/9f00-aa", "bravo/4242"], "digits of one, id of another");
        let cards = cards();
        let failure =
            unique("0917", &matching("0917", &cards, &providers())).expect_err("two cards");
        assert_eq!(failure.exit, Exit::Usage);
        for words in [failure.words(), failure.document()] {
            assert!(words.contains("acme/9f00-ab") && words.contains("bravo/KIT-1"), "{words}");
        }
    }

    #[test]
    fn what_fits_nothing_is_nothing() {
        for word in ["", "acme/", "acme/zzz", "zzz", "0000", "other/77", "ä", "9f00-aaa"] {
            assert_eq!(found(word), Vec::<String>::new(), "{word}");
        }
    }

    #[test]
    fn an_operation_is_named_by_its_id_its_beginning_or_its_four_characters() {
        use crate::contract::samples;
        use crate::domain::operation::OperationId;
        let first = samples::operation();
        let later = OperationId::new(samples::at("2026-05-03T12:00:00Z"), 42, 2);
        let both = [Operation { id: later, ..samples::operation() }, first.clone()];
        let id = first.id.to_string();
        for word in [id.clone(), id.to_lowercase(), id.chars().take(8).collect(), first.id.short()]
        {
            assert_eq!(
                operation(&word, &both).map(|found| found.id).ok(),
                Some(first.id),
                "{word}"
            );
        }
        let common: String = id.chars().take(2).collect();
        let failure = operation(&common, &both).expect_err("both begin so");
        for words in [failure.words(), failure.document()] {
            assert!(words.contains(&id) && words.contains(&later.to_string()), "{words}");
        }
        for word in ["", "zzzz", "0"] {
            assert_eq!(
                operation(word, &both[1..]).map(|found| found.id).ok(),
                (word == "0").then_some(first.id),
                "{word}"
            );
        }
    }
}
