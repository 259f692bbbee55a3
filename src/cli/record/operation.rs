//! An operation and the lines of its journal, printed.

use jiff::Timestamp;
use serde::Serialize;

use super::{code, number, to_json};
use crate::cli::print::{Cell, Column, Field, Paint, Record, View};
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::ProvenBy;
use crate::engine::Step;

#[derive(Serialize)]
struct OperationJson<'a> {
    id: String,
    action: &'static str,
    provider: &'a str,
    card_id: &'a str,
    last4: Option<String>,
    amount: Option<Money>,
    state: &'static str,
    reason: Option<&'a str>,
    reference: &'a str,
    provider_reference: Option<&'a str>,
    operator: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    detail: Option<&'a str>,
    /// Who says how it ended: `seen`, `answer` or `person`.
    proof: Option<&'static str>,
    /// What contradicts a person's word.
    alarm: Option<&'a str>,
}

impl<'a> OperationJson<'a> {
    fn of(operation: &'a Operation) -> Self {
        Self {
            id: operation.id.to_string(),
            action: operation.action_kind.as_str(),
            provider: operation.card.provider.name(),
            card_id: &operation.card.id,
            last4: operation.last4.map(|last4| last4.to_string()),
            amount: operation.amount,
            state: operation.state.as_str(),
            reason: operation.reason.as_deref(),
            reference: &operation.reference,
            provider_reference: operation.provider_reference.as_deref(),
            operator: &operation.operator,
            created_at: operation.created_at,
            updated_at: operation.updated_at,
            detail: operation.detail.as_deref(),
            proof: operation.proven_by.map(ProvenBy::as_str),
            alarm: operation.alarm.as_deref(),
        }
    }
}

impl Record for Operation {
    const COLUMNS: &'static [Column] = &[
        Column::left("TIME"),
        Column::left("OP"),
        Column::left("WHO"),
        Column::left("STATE"),
        Column::left("WHAT"),
        Column::left("CARD"),
        Column::left("PROVIDER"),
        Column::left("ID"),
        Column::left("DETAIL"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "id",
        "action",
        "provider",
        "card_id",
        "last4",
        "amount",
        "currency",
        "state",
        "reason",
        "reference",
        "provider_reference",
        "operator",
        "created_at",
        "updated_at",
        "detail",
        "proof",
        "alarm",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        vec![
            view.time(self.created_at).into(),
            self.id.short().into(),
            (*self.operator).into(),
            Cell::painted(self.state.as_str(), operation_paint(self.state)),
            self.phrase().into(),
            crate::domain::card::digits(self.last4).into(),
            self.card.provider.name().into(),
            self.id.to_string().into(),
            match &self.alarm {
                Some(alarm) => Cell::painted(&**alarm, Paint::Danger),
                None => self.detail.as_deref().unwrap_or_default().into(),
            },
        ]
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            Field::shown(Some(self.id)),
            Field::text(Some(self.action_kind.as_str())),
            Field::text(Some(self.card.provider.name())),
            Field::text(Some(&self.card.id)),
            Field::shown(self.last4),
            number(self.amount),
            code(self.amount),
            Field::text(Some(self.state.as_str())),
            Field::text(self.reason.as_deref()),
            Field::text(Some(&self.reference)),
            Field::text(self.provider_reference.as_deref()),
            Field::text(Some(&self.operator)),
            Field::shown(Some(self.created_at)),
            Field::shown(Some(self.updated_at)),
            Field::text(self.detail.as_deref()),
            Field::text(self.proven_by.map(ProvenBy::as_str)),
            Field::text(self.alarm.as_deref()),
        ]
    }

    fn json(&self) -> String {
        to_json(&OperationJson::of(self))
    }
}

const fn operation_paint(state: OperationState) -> Paint {
    match state {
        OperationState::Sent | OperationState::Accepted => Paint::Plain,
        OperationState::Done => Paint::Good,
        OperationState::Failed => Paint::Danger,
        OperationState::Unknown => Paint::Caution,
    }
}

/// A line of an operation's journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a>(pub(crate) &'a Step);

#[derive(Serialize)]
struct StepJson<'a> {
    at: Timestamp,
    what: &'a str,
    words: &'a str,
    line: u64,
    hash: &'a str,
}

impl<'a> StepJson<'a> {
    fn of(step: &'a Step) -> Self {
        Self {
            at: step.at,
            what: step.kind.as_str(),
            words: &step.words,
            line: step.line,
            hash: &step.hash,
        }
    }
}

impl Record for Line<'_> {
    const COLUMNS: &'static [Column] = &[
        Column::left("TIME"),
        Column::left("WHAT"),
        Column::right("LINE"),
        Column::left("HASH"),
        Column::left("WORDS"),
    ];
    const FIELDS: &'static [&'static str] = &["at", "what", "words", "line", "hash"];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let step = self.0;
        vec![
            view.time(step.at).into(),
            step.kind.as_str().into(),
            step.line.to_string().into(),
            (*step.hash).into(),
            (*step.words).into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let step = self.0;
        vec![
            Field::shown(Some(step.at)),
            Field::text(Some(step.kind.as_str())),
            Field::text(Some(&step.words)),
            Field::Number(step.line.to_string()),
            Field::text(Some(&step.hash)),
        ]
    }

    fn json(&self) -> String {
        to_json(&StepJson::of(self.0))
    }
}

/// The operation's object with one more field, `steps`: `[{"at","what","words","line","hash"}]`,
/// oldest first.
pub(crate) fn operation_with_steps(operation: &Operation, steps: &[Step]) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        operation: OperationJson<'a>,
        steps: Vec<StepJson<'a>>,
    }
    to_json(&Whole {
        operation: OperationJson::of(operation),
        steps: steps.iter().map(StepJson::of).collect(),
    })
}
