//! The words that several wires have for the state of a transaction, as data. A word that is in no
//! table is `UNKNOWN`.

use crate::config::spelling::plain;
use crate::domain::transaction::{TransactionKind, TransactionState};

/// Words, in lower case and without blanks and signs, and our state for each.
pub(super) type StateTable = [(&'static str, TransactionState)];

/// Words that mean the same on every wire. INFERENCE: the documents name hardly any of them.
const SHARED: &StateTable = &[
    ("hold", TransactionState::Hold),
    ("held", TransactionState::Hold),
    ("onhold", TransactionState::Hold),
    ("pending", TransactionState::Hold),
    ("processing", TransactionState::Hold),
    ("inprogress", TransactionState::Hold),
    ("inprocess", TransactionState::Hold),
    ("initiated", TransactionState::Hold),
    ("created", TransactionState::Hold),
    ("submitted", TransactionState::Hold),
    ("queued", TransactionState::Hold),
    ("authorized", TransactionState::Hold),
    ("authorised", TransactionState::Hold),
    ("authorization", TransactionState::Hold),
    ("authorisation", TransactionState::Hold),
    ("preauth", TransactionState::Hold),
    ("success", TransactionState::Cleared),
    ("successful", TransactionState::Cleared),
    ("completed", TransactionState::Cleared),
    ("complete", TransactionState::Cleared),
    ("settled", TransactionState::Cleared),
    ("cleared", TransactionState::Cleared),
    ("declined", TransactionState::Declined),
    ("rejected", TransactionState::Declined),
    ("refused", TransactionState::Declined),
    ("reversed", TransactionState::Reversed),
    ("cancelled", TransactionState::Reversed),
    ("canceled", TransactionState::Reversed),
    ("voided", TransactionState::Reversed),
    ("failed", TransactionState::Failed),
    ("fail", TransactionState::Failed),
    ("failure", TransactionState::Failed),
];

/// Words that are clear enough for the feed and not for money that is in doubt. Of a top-up they
/// leave the state open, since the state of a top-up may settle an operation.
const NOT_OF_TOP_UPS: &StateTable = &[
    ("approved", TransactionState::Hold),
    ("posted", TransactionState::Cleared),
    ("booked", TransactionState::Cleared),
    ("captured", TransactionState::Cleared),
    ("settlement", TransactionState::Cleared),
    ("succeeded", TransactionState::Cleared),
    ("succeed", TransactionState::Cleared),
    ("done", TransactionState::Cleared),
    ("denied", TransactionState::Declined),
    ("deny", TransactionState::Declined),
    ("decline", TransactionState::Declined),
    ("reject", TransactionState::Declined),
    ("refuse", TransactionState::Declined),
    ("notapproved", TransactionState::Declined),
    ("disapproved", TransactionState::Declined),
    ("void", TransactionState::Reversed),
    ("cancel", TransactionState::Reversed),
    ("cancellation", TransactionState::Reversed),
    ("reversal", TransactionState::Reversed),
    ("reverse", TransactionState::Reversed),
    ("released", TransactionState::Reversed),
    ("revoked", TransactionState::Reversed),
    ("expired", TransactionState::Reversed),
    ("error", TransactionState::Failed),
    ("unsuccessful", TransactionState::Failed),
    ("aborted", TransactionState::Failed),
];

/// The state of a transaction: by the wire's own words first, then by those that all share.
/// `UNKNOWN` for every other word and for none, since a word that is not known is no reason to say
/// that money is pending.
pub(super) fn transaction_state(
    word: &str,
    kind: TransactionKind,
    own: &StateTable,
) -> TransactionState {
    let word = plain(word);
    let of = |table: &StateTable| {
        table.iter().find(|(known, _)| *known == word).map(|(_, state)| *state)
    };
    let loose = if kind == TransactionKind::TopUp { None } else { of(NOT_OF_TOP_UPS) };
    of(own).or_else(|| of(SHARED)).or(loose).unwrap_or(TransactionState::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> TransactionState {
        transaction_state(word, TransactionKind::Purchase, &[])
    }

    #[test]
    fn obvious_synonyms_are_in_the_table() {
        for (word, expected) in [
            ("Denied", TransactionState::Declined),
            ("Error", TransactionState::Failed),
            ("Void", TransactionState::Reversed),
            ("Expired", TransactionState::Reversed),
            ("Cancel", TransactionState::Reversed),
            ("ON-HOLD", TransactionState::Hold),
            ("In Progress", TransactionState::Hold),
            ("SUCCESS", TransactionState::Cleared),
        ] {
            assert_eq!(of(word), expected, "{word}");
        }
    }

    #[test]
    fn a_word_that_is_not_mapped_claims_nothing() {
        for word in ["", "Zurückgestellt", "7", "maybe", "Denied?!no"] {
            assert_eq!(of(word), TransactionState::Unknown, "{word}");
        }
    }

    #[test]
    fn a_loose_word_settles_no_top_up() {
        for word in ["Error", "Void", "Expired", "Posted", "Approved"] {
            assert_eq!(
                transaction_state(word, TransactionKind::TopUp, &[]),
                TransactionState::Unknown,
                "{word}"
            );
        }
        assert_eq!(
            transaction_state("Failed", TransactionKind::TopUp, &[]),
            TransactionState::Failed
        );
    }

    #[test]
    fn no_word_has_two_states() {
        let all: Vec<&str> = SHARED.iter().chain(NOT_OF_TOP_UPS).map(|(word, _)| *word).collect();
        let once: std::collections::BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!((once.len(), all.iter().all(|word| plain(word) == **word)), (all.len(), true));
    }
}
