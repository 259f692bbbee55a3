//! The fields of a delivery to the receiver of webhooks: the lines of `cardtop listen`.

use std::sync::Arc;

use jiff::Timestamp;

use super::table::Column;
use super::{Field, Kind, Record};

/// What became of something that was delivered to the receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The account that its path names, cleaned: it may be none of the configuration.
    pub provider: Arc<str>,
    /// The event's name; `None` where it was refused.
    pub event: Option<Arc<str>>,
    /// Id of the event or of the transaction that it tells of.
    pub id: Option<Arc<str>>,
    /// The card.
    pub card: Option<Arc<str>>,
    /// Whether it is on the disk and was acknowledged.
    pub accepted: bool,
    /// Why it was refused, or that it was received before.
    pub reason: Option<Arc<str>>,
    /// When it was received.
    pub received_at: Timestamp,
}

impl Record for DeliveryReport {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new(
            "provider",
            Kind::Text,
            "the account that its path names, also where there is none of this name",
            |row| (&row.record.provider).into(),
        ),
        Field::<Self>::new("event", Kind::Text, "its name, as in the provider's document", |row| {
            row.record.event.as_deref().into()
        })
        .null("it was refused"),
        Field::<Self>::new(
            "id",
            Kind::Text,
            "id of the event or of the transaction that it tells of",
            |row| row.record.id.as_deref().into(),
        )
        .null("it was refused, or has none"),
        Field::<Self>::new("card_id", Kind::Text, "the card that it is about", |row| {
            row.record.card.as_deref().into()
        })
        .null("it was refused, or names none"),
        Field::<Self>::new(
            "accepted",
            Kind::Flag,
            "whether it is in the data file and was acknowledged",
            |row| row.record.accepted.into(),
        ),
        Field::<Self>::new(
            "reason",
            Kind::Text,
            "why it was refused, or that it was received before",
            |row| row.record.reason.as_deref().into(),
        )
        .null("it was accepted for the first time"),
        Field::<Self>::new("received_at", Kind::Time, "when it was received", |row| {
            row.record.received_at.into()
        }),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("TIME", |row, view| view.time(row.record.received_at).into()),
        Column::left("PROVIDER", |row, _| (*row.record.provider).into()),
        Column::left("EVENT", |row, _| row.record.event.as_deref().unwrap_or("-").into()),
        Column::left("CARD", |row, _| row.record.card.as_deref().unwrap_or_default().into()),
        Column::left("REASON", |row, _| row.record.reason.as_deref().unwrap_or_default().into()),
    ];
}
