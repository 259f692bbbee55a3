//! What a card was short of when its last purchase was declined.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::app::portfolio::Portfolio;
use crate::domain::card::{Card, CardKey};
use crate::domain::money::Money;

#[derive(Debug)]
pub(in crate::app::dialog) struct Shortfall {
    /// What to send.
    pub(super) amount: Money,
    /// What the merchant asked for.
    pub(super) asked: Money,
    pub(super) merchant: String,
}

/// What to send so that the last decline would pass: asked - available, a debt counted, rounded up
/// to a whole step.
///
/// # Errors
/// Why that is not known, or not what was missing, in one sentence.
pub(in crate::app::dialog) fn shortfall(
    key: &CardKey,
    portfolio: &Portfolio,
) -> Result<Shortfall, String> {
    let decline = portfolio
        .last_decline(key)
        .ok_or("no decline of this card is known: t tops it up by an amount of your own")?;
    let available = portfolio.cards.get(key).and_then(Card::available).ok_or(
        "what is available on this card was never read, so the shortfall is not known: t tops it \
         up",
    )?;
    let asked = decline.amount.abs();
    let short = asked.checked_sub(available).map_err(|_| {
        format!(
            "the decline is in {}, the card in {}: cardtop does not convert",
            asked.currency(),
            available.currency()
        )
    })?;
    if short.is_negative() || short.amount().is_zero() {
        let why = decline.in_plain_words();
        return Err(format!(
            "{available} is available and {asked} was asked: money was not what was missing \
             ({why})"
        ));
    }
    let least =
        portfolio.capabilities(&key.provider).and_then(|capabilities| capabilities.top_up_min);
    Ok(Shortfall {
        amount: round_up(short, least),
        asked,
        merchant: decline.merchant.as_deref().unwrap_or("").to_owned(),
    })
}

impl Shortfall {
    /// The reason for the journal, of at most 80 characters.
    pub(super) fn reason(&self) -> String {
        let amount = self.asked.digits();
        if self.merchant.is_empty() {
            format!("cover decline {amount}")
        } else {
            // The amount is kept whole whatever the merchant is called.
            let room = 80_usize.saturating_sub("cover decline  ".len() + amount.len());
            let merchant: String = self.merchant.chars().take(room).collect();
            format!("cover decline {} {amount}", merchant.trim())
        }
    }
}

/// Rounds up to tens of a currency with two decimals, from ten on; else to whole units; and to the
/// provider's least.
fn round_up(short: Money, least: Option<Decimal>) -> Money {
    let ten = Decimal::TEN;
    let step = if short.currency().decimals() == Some(2) && short.amount() >= ten {
        ten
    } else {
        Decimal::ONE
    };
    let steps = (short.amount() / step).round_dp_with_strategy(0, RoundingStrategy::AwayFromZero);
    let rounded = (steps * step).max(least.unwrap_or_default());
    Money::new(rounded, short.currency())
}
