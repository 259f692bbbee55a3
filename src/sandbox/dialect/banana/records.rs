//! banana's records of the webhooks that it sent (banana wire notes, 2.4). Of the answer only its
//! beginning is documented: total and the fields of a record are inferred.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::reply::{Failure, failure};
use super::rows::{DayEnd, time};
use super::webhooks::sealed;
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::letter::Message;
use crate::sandbox::random::Random;

/// So many are kept at most: the oldest make room.
const MOST: usize = 100_000;

/// What was sent, whether it arrived or not, oldest first.
#[derive(Default)]
pub(super) struct Records {
    kept: VecDeque<Record>,
    made: u64,
}

struct Record {
    number: u64,
    /// By the bank's clock.
    at: Timestamp,
    kind: &'static str,
    body: String,
}

impl Records {
    pub(super) fn note(&mut self, message: &Message, at: Timestamp) {
        if self.kept.len() >= MOST {
            self.kept.pop_front();
        }
        self.made += 1;
        let (kind, body) = (message.kind, message.body.clone());
        self.kept.push_back(Record { number: self.made, at, kind, body });
    }

    /// Skip, limit and filters, newest first unless the caller asks otherwise (inferred: as in
    /// 2.12). Each record has the webhook as it was sent, sealed anew.
    pub(super) fn page(&self, body: &Body, ivs: &mut Random) -> Result<Json, Failure> {
        let from = time(body.text("start_date"), DayEnd::First);
        let to = time(body.text("end_date"), DayEnd::Last);
        let (Ok(from), Ok(to)) = (from, to) else {
            return failure("Invalid Request Data: start_date or end_date");
        };
        let kind = body.text("callback_type");
        let (card, user) = (body.text("card_id"), body.text("user_id"));
        let mut matching: Vec<&Record> = self
            .kept
            .iter()
            .filter(|record| {
                let event = Body::read(record.body.as_bytes());
                let names = |name: &str, wanted: &Option<String>| {
                    let has = || event.as_ref().and_then(|event| event.text(name));
                    wanted.is_none() || *wanted == has()
                };
                from.is_none_or(|from| record.at >= from)
                    && to.is_none_or(|to| record.at <= to)
                    && kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(record.kind))
                    && names("card_id", &card)
                    && names("user_id", &user)
            })
            .collect();
        if body.flag("desc").unwrap_or(true) {
            matching.reverse();
        }
        let skip = body.count("skip").unwrap_or(0);
        let limit = body.count("limit").unwrap_or(10).clamp(1, 200);
        let rows = matching.iter().skip(skip).take(limit).map(|record| {
            object([
                ("id", number(record.number)),
                ("callback_type", text(record.kind)),
                ("created_at", text(record.at.to_string())),
                ("callback", sealed(record.kind, &record.body, ivs.iv())),
            ])
        });
        let rows: Vec<Json> = rows.collect();
        Ok(object([("data", Json::Array(rows)), ("total", number(matching.len()))]))
    }
}
