//! Answers of artha that several calls share.

use http::StatusCode;

use crate::sandbox::call::Reply;
use crate::sandbox::json::{Json, object, text};

/// Fields that do not validate: 400 (3; the body is inferred).
pub(super) fn bad_request(why: &str) -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, object([("message", text(why))]))
}

/// 404 Record Not Found (3; the body is inferred).
pub(super) fn not_found() -> Reply {
    Reply::json(
        StatusCode::NOT_FOUND,
        object([("error", object([("code", Json::Null), ("message", text("Record Not Found"))]))]),
    )
}

/// JSON that says it is plain text, as this wire's answers do (1.2).
pub(super) fn ok(body: &Json) -> Reply {
    Reply::of(StatusCode::OK, "text/plain; charset=utf-8", body.to_string())
}
