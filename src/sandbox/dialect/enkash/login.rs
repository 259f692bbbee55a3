//! enkash's OAuth token by the password grant (enkash wire notes, 1.3). Not encrypted.

use data_encoding::BASE64;
use http::StatusCode;
use jiff::Timestamp;

use super::{CLIENT_ID, CLIENT_SECRET, COMPANY_ID, PASSWORD, USERNAME};
use crate::sandbox::bank::Bank;
use crate::sandbox::call::{Call, Reply, query_pairs};
use crate::sandbox::crypto;
use crate::sandbox::json::{number, object, text};
use crate::sandbox::sessions::{LoginRules, Sessions};

/// A token lives for a day (the documents give two lives); three wrong logins lock the account
/// (1.3).
pub(super) const RULES: LoginRules = LoginRules { token_seconds: 86_399, wrong_logins: 3 };

pub(super) fn is_login(path: &str) -> bool {
    path.trim_end_matches('/').ends_with("/oauth/token")
}

/// The answer to a token that is unknown or has expired (inferred, 1.3).
pub(super) fn unauthorized() -> Reply {
    refused(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid access token")
}

/// Errors as in RFC 6749, 5.2 (inferred, 1.3).
fn refused(status: StatusCode, error: &str, why: &str) -> Reply {
    Reply::json(status, object([("error", text(error)), ("error_description", text(why))]))
        .unauthenticated()
}

fn bad_request(error: &str, why: &str) -> Reply {
    refused(StatusCode::BAD_REQUEST, error, why)
}

pub(super) fn login(sessions: &mut Sessions, bank: &Bank, call: &Call, now: Timestamp) -> Reply {
    if sessions.is_locked(now) {
        return bad_request("invalid_grant", "User account is locked");
    }
    let form = query_pairs(std::str::from_utf8(&call.body).unwrap_or_default());
    let field = |name: &str| {
        form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let is_form = call
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return bad_request("invalid_request", "The body must be a form");
    }
    if field("grant_type") != "password" {
        return bad_request("unsupported_grant_type", "Unsupported grant type");
    }
    let client =
        crypto::equal_secrets(&format!("{CLIENT_ID}:{CLIENT_SECRET}"), &basic_credentials(call))
            && field("clientId") == COMPANY_ID;
    let user = crypto::equal_secrets(USERNAME, field("username"))
        && crypto::equal_secrets(PASSWORD, field("password"));
    if !(client && user) {
        let _locked = sessions.wrong_login(now);
        return if client {
            bad_request("invalid_grant", "Bad credentials")
        } else {
            refused(StatusCode::UNAUTHORIZED, "invalid_client", "Bad client credentials")
        };
    }
    let mut refresh_token = String::new();
    let token = sessions.open(now, |number| {
        refresh_token = bank.random.uuid(6_000_000_000 + number);
        bank.random.uuid(5_000_000_000 + number)
    });
    let body = object([
        ("access_token", text(token)),
        ("token_type", text("bearer")),
        ("refresh_token", text(refresh_token)),
        ("expires_in", number(RULES.token_seconds)),
        ("scope", text("read write trust")),
    ]);
    Reply::json(StatusCode::OK, body)
}

/// `id:secret` of HTTP's basic authentication (RFC 7617); empty without it.
fn basic_credentials(call: &Call) -> String {
    call.header("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| BASE64.decode(value.as_bytes()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}
