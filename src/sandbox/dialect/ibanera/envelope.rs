//! ibanera's envelopes (ibanera wire notes, 1.5), errors (1.6) and pages (5.1).

use std::fmt;

use http::StatusCode;

use crate::sandbox::bank::Bank;
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::json::{Json, number, object, text};

/// Why a call failed: `fieldName` and `messageCode` of the error envelope (1.6).
pub(super) struct Problem {
    status: StatusCode,
    field: &'static str,
    message: &'static str,
}

pub(super) type Outcome = Result<Reply, Problem>;

/// HTTP 400 with this problem.
pub(super) fn problem<T>(field: &'static str, message: &'static str) -> Result<T, Problem> {
    Err(Problem::of(StatusCode::BAD_REQUEST, field, message))
}

impl Problem {
    pub(super) const fn of(status: StatusCode, field: &'static str, message: &'static str) -> Self {
        Self { status, field, message }
    }

    pub(super) fn reply(&self) -> Reply {
        let error = object([
            ("fieldName", text(self.field)),
            ("messageCode", text(self.message)),
            ("errorType", text("Error")),
        ]);
        let errors = Json::Array(vec![error]);
        let body = object([
            ("id", number(0)),
            ("details", Json::Null),
            ("status", text("0")),
            ("errors", errors),
        ]);
        Reply::json(self.status, body)
    }
}

pub(super) fn success(id: impl fmt::Display, details: Json) -> Reply {
    let body = object([
        ("id", number(id)),
        ("details", details),
        ("status", text("1")),
        ("errors", Json::Array(Vec::new())),
    ]);
    Reply::json(StatusCode::OK, body)
}

/// What a list gives when it is asked for no page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DefaultPage {
    /// The first ten items.
    Ten,
    /// All of them.
    Everything,
}

/// A page of an array, in the list envelope (5.1). Only its own items are written.
pub(super) fn page<T>(
    bank: &Bank,
    call: &Call,
    items: Vec<T>,
    write: impl Fn(T) -> Json,
    default: DefaultPage,
) -> Reply {
    let asked = |name: &str| {
        call.query_value(name).and_then(|text| text.parse::<usize>().ok()).filter(|&n| n > 0)
    };
    let whole = items.len();
    let (page_size, page_number) = (asked("pageSize"), asked("pageNumber"));
    let everything =
        default == DefaultPage::Everything && page_size.is_none() && page_number.is_none();
    let size = if everything {
        whole.max(1)
    } else {
        bank.lists.page_size(page_size.unwrap_or(10).min(200))
    };
    let at = page_number.unwrap_or(1);
    let items: Vec<Json> =
        items.into_iter().skip((at - 1).saturating_mul(size)).take(size).map(write).collect();
    let total = bank.lists.total(whole, items.len());
    let body = object([
        ("id", number(0)),
        ("details", Json::Array(items)),
        ("pageSize", number(size)),
        ("pageNumber", number(at)),
        ("numberOfPages", number(total.div_ceil(size))),
        ("status", text("1")),
        ("errors", Json::Array(Vec::new())),
    ]);
    Reply::json(StatusCode::OK, body)
}
