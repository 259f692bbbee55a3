//! Who pays for a top-up, where its provider has several accounts.

use std::fmt;

use super::Change;
use crate::cli::session::Session;
use crate::domain::card::Card;
use crate::domain::operation::Support;
use crate::engine::Payer;

/// Whether somebody can pay for a top-up.
pub(super) enum PayerCheck {
    Payer(Payer),
    /// Why nobody can.
    Nobody(String),
    /// Why that is not known.
    Unread(String),
}

impl fmt::Display for PayerCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payer(payer) => write!(f, "paid by {payer}"),
            Self::Nobody(why) => write!(f, "nobody can pay: {why}"),
            Self::Unread(why) => write!(f, "who pays could not be read: {why}"),
        }
    }
}

/// Asks who would pay, before anything is sent; `None` for other changes, where the float pays, or
/// while nothing can be asked yet.
pub(super) async fn check(
    session: &Session,
    card: &Card,
    change: &dyn Change,
) -> Option<PayerCheck> {
    let amount = change.amount()?;
    let capabilities = session.engine.capabilities(&card.key.provider).await;
    let capabilities = capabilities.filter(|capabilities| capabilities.names_payer)?;
    if let Support::No(why) = capabilities.top_up {
        return Some(PayerCheck::Nobody(why.to_owned()));
    }
    let amount = capabilities.typed_amount(amount, card.currency?).ok()?;
    Some(match session.engine.quote(&card.key, amount).await {
        Ok(quote) => match quote.payer? {
            Payer { trouble: Some(trouble), .. } => PayerCheck::Nobody(trouble),
            payer => PayerCheck::Payer(payer),
        },
        Err(error) => PayerCheck::Unread(error.to_string()),
    })
}
