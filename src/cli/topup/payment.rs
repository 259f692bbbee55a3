//! By which number a payment of a file is known, so that no run of the file repeats it.

use aws_lc_rs::digest::{Context, SHA256};

use crate::domain::card::CardKey;
use crate::domain::money::Money;

/// The number of a payment: of the batch, the card, the amount and how often it was tried before.
///
/// Neither the file's name nor its other lines count, nor on which line it stands. So a file may be
/// sorted, added to, renamed or saved anew, and what was paid is not paid again; a line whose card
/// or amount is changed is another payment. That no two lines of a file are equal is checked
/// before.
pub(super) fn number(batch: &str, card: &CardKey, amount: Money, tries: u32) -> u64 {
    let mut hash = Context::new(&SHA256);
    let digits = amount.amount().normalize().to_string();
    let tries = tries.to_string();
    for part in [
        "cardtop top-up of a file",
        batch,
        card.provider.name(),
        &card.id,
        &digits,
        amount.currency().code(),
        &tries,
    ] {
        // With its length before it, so that no two lists of parts read alike.
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finish();
    let first = digest.as_ref().first_chunk::<8>().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::money;
    use crate::domain::card::ProviderId;
    use std::collections::BTreeSet;

    #[test]
    fn a_payment_keeps_its_number_and_every_other_one_has_another() {
        let card = |provider: &str, id: &str| CardKey::new(&ProviderId::new(provider), id);
        let usd = |amount| money(amount, "USD");
        let this = number("", &card("acme", "c1"), usd("5"), 0);
        assert_eq!(this, number("", &card("acme", "c1"), usd("5.00"), 0), "the same sum");
        assert_eq!(this, 3_914_318_182_528_416_518, "journals of earlier runs know it by this");
        let others = [
            number("may", &card("acme", "c1"), usd("5"), 0),
            number("", &card("acmec", "1"), usd("5"), 0),
            number("", &card("acme", "c2"), usd("5"), 0),
            number("", &card("acme", "c1"), usd("5.01"), 0),
            number("", &card("acme", "c1"), money("5", "EUR"), 0),
            number("", &card("acme", "c1"), usd("5"), 1),
        ];
        let all: BTreeSet<u64> = others.into_iter().chain([this]).collect();
        assert_eq!(all.len(), 7);
    }
}
