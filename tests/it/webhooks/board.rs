//! A board that is told what the engine reads and what was pushed.

use std::time::Duration;

use cardtop::app::portfolio::Portfolio;
use cardtop::domain::operation::Operation;
use cardtop::engine::{Engine, EngineEvent};
use jiff::tz::TimeZone;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

use crate::harness::{Desk, open_board, start};

/// A board of a desk, and what it was told.
pub(super) struct Board {
    pub(super) engine: Engine,
    news: Receiver<EngineEvent>,
    pub(super) portfolio: Portfolio,
}

impl Board {
    pub(super) async fn new(desk: &Desk) -> Self {
        let (engine, news) = open_board(desk).await;
        engine.note_receiving();
        let providers = engine.providers();
        let portfolio = Portfolio::new(start(), TimeZone::UTC, "anay".into(), 7, providers);
        let mut board = Self { engine, news, portfolio };
        board.hear_for(Duration::from_secs(40)).await;
        board
    }

    /// Takes in what is told in so long, and returns it.
    pub(super) async fn hear_for(&mut self, time: Duration) -> Vec<EngineEvent> {
        let (end, mut told) = (Instant::now() + time, Vec::new());
        while let Ok(Some(event)) = tokio::time::timeout_at(end, self.news.recv()).await {
            self.portfolio.apply(&event);
            told.push(event);
        }
        told
    }

    /// Takes in what is told while something is done.
    pub(super) async fn while_doing<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                Some(event) = self.news.recv() => self.portfolio.apply(&event),
            }
        }
    }

    /// Takes in what is told until something is true; how long that took. Panics after 10 minutes.
    pub(super) async fn until(&mut self, mut is_so: impl FnMut(&Portfolio) -> bool) -> Duration {
        let began = Instant::now();
        while !is_so(&self.portfolio) {
            let event = tokio::time::timeout(Duration::from_secs(600), self.news.recv()).await;
            self.portfolio.apply(&event.expect("something happens").expect("the engine runs"));
        }
        began.elapsed()
    }

    pub(super) fn operation(&self) -> Operation {
        self.portfolio.operations.iter().next().expect("an operation").clone()
    }
}
