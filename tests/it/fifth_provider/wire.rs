//! pebble's answers in the domain's terms.

use cardtop::config::spelling::Spelling;
use cardtop::domain::card::{Balance, Card, CardState, IdForm, ProviderId, Reading};
use cardtop::domain::completeness::UnreadRow;
use cardtop::provider::json::{JsonObject, RowError};
use jiff::Timestamp;

/// The cards of an answer, each or why it could not be read.
pub(super) fn cards(
    answer: &JsonObject<'_>,
    provider: &ProviderId,
    spelling: &Spelling,
    at: Timestamp,
) -> Result<Vec<Result<Card, UnreadRow>>, RowError> {
    let rows = answer.list("cards").ok_or_else(|| RowError::new("cards is missing"))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let unread = |why: RowError| UnreadRow {
                provider: provider.clone(),
                card: None,
                id: None,
                why: why.0,
                fingerprint: 0,
            };
            JsonObject::read(row).and_then(|row| card(&row, provider, spelling, at)).map_err(unread)
        })
        .collect())
}

fn card(
    row: &JsonObject<'_>,
    provider: &ProviderId,
    spelling: &Spelling,
    at: Timestamp,
) -> Result<Card, RowError> {
    let status = row.need_text("status")?;
    let currency = row.currency("currency")?.ok_or_else(|| RowError::new("currency is missing"))?;
    let state = match &*status {
        "on" => CardState::Active,
        "off" => CardState::Frozen,
        other => spelling.card_state(other).unwrap_or(CardState::Unknown),
    };
    let available = row.money("left", currency)?;
    Ok(Card {
        holder: row.text("name").unwrap_or_else(|| "".into()),
        last4: row.last4("digits"),
        state,
        provider_state: status,
        state_at: Some(at),
        currency: Some(currency),
        balance: Reading::At { value: Balance { available, ..Balance::default() }, at },
        ..Card::spelled(provider, IdForm::Number, &row.need_id("id")?)
    })
}
