//! ibanera's login (ibanera wire notes, 1.2) and one-time codes (1.4).

use http::{Method, StatusCode};
use jiff::Timestamp;

use super::envelope::{Outcome, problem, success};
use super::{MANAGER_ID, PASSWORD, SHARED_SECRET, USERNAME};
use crate::sandbox::bank::Bank;
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::crypto;
use crate::sandbox::json::{Body, number, object, text};
use crate::sandbox::sessions::{LoginRules, Sessions, WrongLogin};

pub(super) const ROUTE: &str = "public/auth/login";

/// A token lives for an hour (1.2); the account is locked after five wrong logins (the count is not
/// documented).
pub(super) const RULES: LoginRules = LoginRules { token_seconds: 3_600, wrong_logins: 5 };

/// 401 without a body (1.6, inferred).
pub(super) fn unauthorized() -> Reply {
    Reply::of(StatusCode::UNAUTHORIZED, "application/json", String::new()).unauthenticated()
}

pub(super) fn login(sessions: &mut Sessions, bank: &Bank, call: &Call, now: Timestamp) -> Outcome {
    if call.method != Method::POST {
        return problem("path", "Invalid");
    }
    let Some(body) = Body::read(&call.body) else { return problem("body", "Invalid") };
    let Some(username) = body.string("username") else {
        return problem("username", "Required");
    };
    let Some(password) = body.string("password") else {
        return problem("password", "Required");
    };
    let Some(otp) = body.string("otp") else { return problem("otp", "Required") };
    if sessions.is_locked(now) {
        return problem("username", "Account_Locked");
    }
    let user =
        crypto::equal_secrets(USERNAME, &username) && crypto::equal_secrets(PASSWORD, &password);
    if !(user && otp_is_valid(&otp, now)) {
        return match sessions.wrong_login(now) {
            WrongLogin::LockedTheAccount => problem("username", "Account_Locked"),
            // No message code for a wrong one-time code is documented (1.2).
            WrongLogin::Counted if user => problem("otp", "Invalid"),
            WrongLogin::Counted => problem("username", "Username_Or_Password_Incorrect"),
        };
    }
    let token = sessions.open(now, |number| {
        format!("eyJhbGciOiJIUzI1NiJ9.{}", bank.random.uuid(5_000_000_000 + number))
    });
    Ok(success(
        MANAGER_ID,
        object([("accessToken", text(token)), ("expiresIn", number(RULES.token_seconds))]),
    ))
}

/// Whether it is the code of this step, the one before or the one after (the skew is not
/// documented, 1.4).
pub(super) fn otp_is_valid(otp: &str, now: Timestamp) -> bool {
    [-30, 0, 30].into_iter().any(|skew| {
        crypto::totp(SHARED_SECRET, now.as_second() + skew)
            .is_some_and(|code| crypto::equal_secrets(&code, otp))
    })
}
