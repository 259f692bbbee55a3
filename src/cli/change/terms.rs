//! What a top-up costs, and who pays where its provider has several accounts.

use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Action, Capabilities};
use crate::engine::{Payer, Quote};

/// What a change would cost, and who would pay. Only a top-up has any.
#[derive(Default)]
pub(in crate::cli) struct Terms {
    /// The provider's fee, where it tells it.
    pub(in crate::cli) fee: Option<Money>,
    /// Why the fee that it would tell could not be read.
    pub(in crate::cli) fee_unread: Option<String>,
    /// Who would pay; `None` where the float pays.
    pub(in crate::cli) payer: Option<Payer>,
}

/// Asks for the terms before anything is sent: who would pay, where the provider has several
/// accounts, and the fee where `wants_fee`.
///
/// # Errors
/// When it cannot be read who would pay: then it would not be sent either.
pub(in crate::cli) async fn terms(
    session: &Session,
    card: &Card,
    action: &Action,
    capabilities: &Capabilities,
    wants_fee: bool,
) -> Result<Terms, Failure> {
    let Some(amount) = action.amount() else { return Ok(Terms::default()) };
    let names_payer = capabilities.names_payer;
    let reads_fee = wants_fee && capabilities.quote.is_yes();
    if !names_payer && !reads_fee {
        return Ok(Terms::default());
    }
    match session.engine.quote(&card.key, amount).await {
        Ok(Quote { fee, payer, .. }) => {
            Ok(Terms { fee, fee_unread: None, payer: payer.filter(|_| names_payer) })
        }
        Err(error) if names_payer => Err(Failure::unread(&error)),
        Err(error) => Ok(Terms { fee_unread: Some(error.to_string()), ..Terms::default() }),
    }
}
