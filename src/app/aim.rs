//! What a key is meant for: the row that was under the cursor when the board was drawn last, even
//! where something has happened since that is not on the screen yet.

use super::Model;
use super::entry::Entry;
use super::layout::Pane;
use crate::domain::card::CardKey;
use crate::domain::operation::OperationId;

/// What the operator sees under the cursor.
#[derive(Debug, Default)]
pub(super) struct Aim {
    /// What was drawn there last; `None` once a key was pressed after that.
    drawn: Option<Drawn>,
    /// The card that the key being carried out is meant for, where its row is not there any more.
    lost: Option<CardKey>,
}

#[derive(Debug)]
struct Drawn {
    pane: Pane,
    row: Option<Row>,
    card: Option<CardKey>,
}

/// The row under the cursor.
#[derive(Debug)]
enum Row {
    Card(CardKey),
    OfFeed(Entry),
    OfTimeline(Entry),
    Operation(OperationId),
}

/// The board was drawn: the next key is meant for what is to be seen now.
pub fn drawn(model: &mut Model) {
    let panes = &model.panes;
    let pane = model.screen.focus;
    let row = match pane {
        Pane::Cards => panes.cards.list.selected().cloned().map(Row::Card),
        Pane::Feed => panes.feed.list.selected().cloned().map(Row::OfFeed),
        Pane::Detail => panes.detail.list.selected().cloned().map(Row::OfTimeline),
        Pane::Activity => panes.activity.list.selected().copied().map(Row::Operation),
        Pane::Providers => None,
    };
    let card = model.subject();
    model.aim.drawn = Some(Drawn { pane, row, card });
}

impl Model {
    /// The card that commands apply to: the one of the row under the cursor.
    pub(crate) fn subject(&self) -> Option<CardKey> {
        if self.aim.lost.is_some() {
            return self.aim.lost.clone();
        }
        match self.screen.focus {
            Pane::Cards => self.panes.cards.list.selected().cloned(),
            Pane::Detail => self.panes.detail.card.clone(),
            Pane::Feed => self.panes.feed.list.selected()?.known(&self.portfolio)?.card(),
            Pane::Activity => self
                .portfolio
                .operation(*self.panes.activity.list.selected()?)
                .map(|row| row.card.clone()),
            Pane::Providers => None,
        }
    }

    /// A key follows: what was drawn under the cursor is there again, where the cursor has not been
    /// moved since. Until [`Self::end_aim`] the key is for that card.
    pub(super) fn take_aim(&mut self) {
        let Some(drawn) = self.aim.drawn.take() else { return };
        if self.dialog.is_some() || drawn.pane != self.screen.focus {
            return;
        }
        match drawn.row {
            Some(Row::Card(key)) => self.panes.cards.list.rest_on(&key),
            Some(Row::OfFeed(row)) => self.panes.feed.list.rest_on(&row),
            Some(Row::OfTimeline(row)) => self.panes.detail.list.rest_on(&row),
            Some(Row::Operation(id)) => self.panes.activity.list.rest_on(&id),
            None => {}
        }
        if self.subject() != drawn.card {
            self.aim.lost = drawn.card;
        }
    }

    /// The key was carried out.
    pub(super) fn end_aim(&mut self) {
        self.aim.lost = None;
    }
}
