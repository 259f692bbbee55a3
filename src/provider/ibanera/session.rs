//! The login of an ibanera account: the token, the one-time password of each request, and when a
//! refused login is tried again.
//!
//! Too many wrong logins lock the account (ibanera wire notes, 1.2), so a refused one is held back.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE32_NOPAD;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::envelope::{self, Envelope};
use super::requests::json;
use super::settings::{self, SecretEncoding, Settings};
use super::{Ibanera, later};
use crate::config::secret::Source;
use crate::provider::http::{Access, Answer, AnsweredBy};
use crate::provider::{Error, ErrorKind, Result, crypto, sensitive};

/// Seconds before its end at which a token is renewed.
const MARGIN: i64 = 60;

/// Seconds a token lives where the login does not say.
const SHORT_LIFE: i64 = 300;

/// Seconds that a one-time password is good for (ibanera wire notes, 1.4).
const STEP: i64 = 30;

/// Seconds that logins are held back after `Account_Locked` (ibanera wire notes, 1.2).
const HOLD_LOCKED: i64 = 600;

/// Seconds that logins are held back after refused credentials.
const HOLD_REFUSED: i64 = 900;

/// What the token is asked with, and the token. Holds secrets, so it has no `Debug`.
pub(super) struct Login {
    username: SecretString,
    password: SecretString,
    pub(super) shared_secret: Zeroizing<Vec<u8>>,
    session: Mutex<Session>,
    /// Logins since a call was last accepted with the token of one.
    unproven: AtomicU32,
}

impl Login {
    /// Reads the credentials.
    ///
    /// # Errors
    /// A sentence, when one cannot be had.
    pub(super) fn new(settings: &Settings) -> std::result::Result<Self, String> {
        let secret = |source: &Source, setting: &str| {
            source.read().map_err(|error| format!("{setting}: {error}"))
        };
        Ok(Self {
            username: secret(&settings.username, "username")?,
            password: secret(&settings.password, "password")?,
            shared_secret: shared_secret(
                &secret(&settings.shared_secret, "shared_secret")?,
                settings.secret_encoding,
            )
            .ok_or_else(|| {
                "shared_secret is not base 32; try secret_encoding = \"ascii\"".to_owned()
            })?,
            session: Mutex::new(Session::default()),
            unproven: AtomicU32::new(0),
        })
    }

    /// A call was accepted: the token of the last login works.
    pub(super) fn mark_proven(&self) {
        self.unproven.store(0, Ordering::Relaxed);
    }

    /// The operator asks to try a refused login again.
    pub(super) async fn try_again(&self) {
        if let Some(hold) = &mut self.session.lock().await.hold {
            hold.until = Some(Timestamp::MIN);
        }
    }
}

/// The state of the login. Locked while a login runs, so that there is one at a time.
#[derive(Default)]
struct Session {
    token: Option<Token>,
    hold: Option<Hold>,
    /// These credentials have worked in this process.
    worked: bool,
    /// Logins refused in a row.
    refusals: u32,
}

struct Token {
    bearer: HeaderValue,
    until: Timestamp,
    /// The time step (RFC 6238) in which it was made.
    step: i64,
}

/// No login before this time; `None` until the operator asks.
struct Hold {
    error: Error,
    until: Option<Timestamp>,
}

impl Ibanera {
    /// The `Authorization` header; a new login when there is no token, it ends soon, or it is the
    /// one that was just refused.
    ///
    /// A login that worked does not count towards the provider's lock of the account, but one that
    /// follows a refused token might not work: after two logins in a row whose tokens were refused,
    /// the next one waits for the next one-time password.
    pub(super) async fn bearer(&self, refused: Option<&HeaderValue>) -> Result<HeaderValue> {
        let mut session = self.login.session.lock().await;
        let now = self.http.clock().now();
        if let Some(token) = session.token.as_ref().filter(|token| token.until > now) {
            if Some(&token.bearer) != refused {
                return Ok(token.bearer.clone());
            }
            if token.step == step(now) && self.login.unproven.load(Ordering::Relaxed) >= 2 {
                let reason = "a new token and one-time password were refused; check this machine's \
                            clock and shared_secret";
                return Err(Error {
                    retry_after: Some(until(now, next_step(now))),
                    ..self.auth_error(reason)
                });
            }
        }
        if let Some(hold) =
            session.hold.as_ref().filter(|hold| hold.until.is_none_or(|until| until > now))
        {
            return Err(Error {
                retry_after: hold.until.map(|then| until(now, then)),
                ..hold.error.clone()
            });
        }
        session.token = None;
        let answer = self.http.send(Access::Read, self.login_request()?).await?;
        let envelope = Envelope::read(&answer.body);
        let token = envelope
            .as_ref()
            .filter(|envelope| answer.is_success() && envelope.success == Some(true))
            .and_then(envelope::token);
        if let Some((token, life)) = token {
            let token = new_token(&answer, &token, life, step(now))?;
            let bearer = token.bearer.clone();
            *session = Session { token: Some(token), worked: true, ..Session::default() };
            self.login.unproven.fetch_add(1, Ordering::Relaxed);
            return Ok(bearer);
        }
        Err(self.login_refused(&mut session, &answer, envelope.as_ref()))
    }

    /// What a login that gave no token means, and how long the next one waits (ibanera wire notes,
    /// 1.2).
    fn login_refused(
        &self,
        session: &mut Session,
        answer: &Answer,
        envelope: Option<&Envelope>,
    ) -> Error {
        let says_no =
            envelope.is_some_and(|envelope| answer.is_success() && envelope.success == Some(false));
        if !says_no
            && (!matches!(answer.status, 400..=499)
                || matches!(answer.status, 404 | 405 | 408 | 429))
        {
            return if answer.is_success() || matches!(answer.status, 404 | 405) {
                answer.bad_reply(&format!(
                    "no token from the login: {}; check base_url",
                    answer.describe_body()
                ))
            } else {
                answer.refusal(envelope.map_or("", |envelope| &envelope.words), AnsweredBy::Unknown)
            };
        }
        let has_code = |code: &str| envelope.is_some_and(|envelope| envelope.has_code(code));
        let words = envelope.map(|envelope| &*envelope.words).filter(|words| !words.is_empty());
        let reason = match words {
            Some(words) => words.to_owned(),
            None if answer.is_web_page() => answer.describe_body(),
            None => format!("HTTP {}", answer.status),
        };
        session.refusals = session.refusals.saturating_add(1);
        // Credentials that have worked are refused when a one-time password was used twice: one
        // second try, with the next one.
        let second_try =
            session.worked && session.refusals == 1 && has_code("Username_Or_Password_Incorrect");
        let (until, when) = if second_try {
            (Some(next_step(answer.at)), "tried once more with the next one-time password")
        } else if session.refusals > 1 {
            (
                None,
                "too many wrong logins lock the account, so the next one is tried only when you \
                 ask for it",
            )
        } else if has_code("Account_Locked") {
            (Some(later(answer.at, HOLD_LOCKED)), "no login is tried for 10 minutes")
        } else {
            (
                Some(later(answer.at, HOLD_REFUSED)),
                "tried once more in 15 minutes, because too many wrong logins lock the account",
            )
        };
        let error = self.auth_error(&format!("the login was refused ({reason}); {when}"));
        session.hold = Some(Hold { error: error.clone(), until });
        error
    }

    /// `POST /api/v1/public/auth/login` (ibanera wire notes, 1.2).
    fn login_request(&self) -> Result<Request<Bytes>> {
        let otp = self.one_time_password();
        let body = LoginBody {
            username: self.login.username.expose_secret(),
            password: self.login.password.expose_secret(),
            otp: &otp,
        };
        let body = json(&body);
        Request::builder()
            .method(Method::POST)
            .uri(format!(
                "{}/{}",
                self.base_url,
                self.spelling.path(settings::LOGIN).trim_start_matches('/')
            ))
            .header(ACCEPT, "*/*")
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::copy_from_slice(&body))
            .map_err(|_| self.invalid("base_url is not an address"))
    }

    /// The one-time password of this time step.
    pub(super) fn one_time_password(&self) -> Zeroizing<String> {
        let second = u64::try_from(self.http.clock().now().as_second()).unwrap_or(0);
        Zeroizing::new(crypto::totp(&self.login.shared_secret, second))
    }

    fn auth_error(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Auth, why)
    }
}

/// The token of an answer, renewed [`MARGIN`] before its end, and at half of its life where that is
/// sooner.
fn new_token(answer: &Answer, token: &str, life: Option<i64>, step: i64) -> Result<Token> {
    let life = life.unwrap_or(SHORT_LIFE).clamp(0, 30 * 86_400);
    let life = SignedDuration::from_secs((life - MARGIN).max(life / 2));
    let bearer = sensitive(&format!("Bearer {token}"))
        .map_err(|_| answer.bad_reply("the token has characters that a header cannot carry"))?;
    Ok(Token { bearer, until: answer.at.checked_add(life).unwrap_or(Timestamp::MAX), step })
}

/// The shared secret's bytes: base 32 without regard to case, blanks, dashes and padding, or the
/// text's own (ibanera wire notes, 1.4; which of the two is INFERENCE).
pub(super) fn shared_secret(
    text: &SecretString,
    encoding: SecretEncoding,
) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.expose_secret().trim();
    let bytes = match encoding {
        SecretEncoding::Ascii => text.as_bytes().to_vec(),
        SecretEncoding::Base32 => {
            let plain: Zeroizing<String> = Zeroizing::new(
                text.chars()
                    .filter(|c| !matches!(c, ' ' | '-' | '='))
                    .map(|c| c.to_ascii_uppercase())
                    .collect(),
            );
            let mut spec = data_encoding::Specification::new();
            spec.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
            spec.check_trailing_bits = false;
            let loose = spec.encoding().unwrap_or(BASE32_NOPAD);
            loose.decode(plain.as_bytes()).ok()?
        }
    };
    (!bytes.is_empty()).then(|| Zeroizing::new(bytes))
}

fn step(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP)
}

fn next_step(at: Timestamp) -> Timestamp {
    Timestamp::from_second((step(at) + 1) * STEP).unwrap_or(at)
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(then)).unwrap_or_default()
}

/// The login's body (ibanera wire notes, 1.2).
#[derive(Serialize)]
struct LoginBody<'a> {
    username: &'a str,
    password: &'a str,
    otp: &'a str,
}
