//! The login of an enkash account: the OAuth token, and when refused credentials are tried again.
//!
//! Three wrong attempts lock the account (enkash wire notes, 1.3): refused credentials are tried
//! once more after a while, and then only when the operator asks.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::settings::Settings;
use super::{Enkash, envelope, read_secret};
use crate::provider::http::{Access, Answer, AnsweredBy};
use crate::provider::{Error, ErrorKind, Result, sensitive};

/// Seconds before its end at which a token is renewed.
const MARGIN: i64 = 60;

/// Seconds a token lives where its answer does not say: the shorter of the two documented lives
/// (enkash wire notes, 1.3).
const SHORT_LIFE: i64 = 300;

/// How long refused credentials rest before they are tried once more.
const HOLD_REFUSED: SignedDuration = SignedDuration::from_mins(15);

/// What the token is asked with, and the token. Holds secrets, so it has no `Debug`.
pub(super) struct Login {
    token_url: String,
    basic: HeaderValue,
    username: SecretString,
    password: SecretString,
    session: Mutex<Session>,
}

impl Login {
    /// Reads the credentials.
    ///
    /// # Errors
    /// A sentence, when one cannot be had or a setting is wrong.
    pub(super) fn new(settings: &Settings) -> std::result::Result<Self, String> {
        settings.token_url.parse::<Uri>().map_err(|_| "token_url is not an address".to_owned())?;
        let client_id = read_secret(&settings.client_id, "client_id")?;
        let client_secret = read_secret(&settings.client_secret, "client_secret")?;
        let pair = Zeroizing::new(format!(
            "{}:{}",
            client_id.expose_secret(),
            client_secret.expose_secret()
        ));
        let basic = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let basic = sensitive(&basic)
            .map_err(|_| "client_id and client_secret cannot be put in a header".to_owned())?;
        Ok(Self {
            token_url: settings.token_url.clone(),
            basic,
            username: read_secret(&settings.username, "username")?,
            password: read_secret(&settings.password, "password")?,
            session: Mutex::new(Session::default()),
        })
    }

    /// The operator asks to try refused credentials again.
    pub(super) async fn try_again(&self) {
        if let Some(refused) = &mut self.session.lock().await.refused {
            refused.until = Some(Timestamp::MIN);
        }
    }
}

/// The state of the login. Locked while a token is fetched, so that there is one fetch at a time.
#[derive(Default)]
struct Session {
    token: Option<Token>,
    /// Credentials were refused.
    refused: Option<Refused>,
}

/// The token call refused the credentials. Three wrong ones lock the account: they are tried once
/// more after a while, and then only when the operator asks.
#[derive(Clone)]
struct Refused {
    error: Error,
    /// No token is asked for before this; `None` until the operator asks.
    until: Option<Timestamp>,
}

struct Token {
    bearer: HeaderValue,
    until: Timestamp,
}

impl Enkash {
    /// The `authorization` header; a new token when there is none, it ends soon, or it is the one
    /// that was just refused.
    pub(super) async fn bearer(&self, refused: Option<&HeaderValue>) -> Result<HeaderValue> {
        let mut session = self.login.session.lock().await;
        let now = self.http.clock().now();
        if let Some(refused) =
            session.refused.as_ref().filter(|refused| refused.until.is_none_or(|until| until > now))
        {
            let wait =
                refused.until.and_then(|until| Duration::try_from(now.duration_until(until)).ok());
            return Err(Error { retry_after: wait, ..refused.error.clone() });
        }
        if let Some(token) = session
            .token
            .as_ref()
            .filter(|token| token.until > now && Some(&token.bearer) != refused)
        {
            return Ok(token.bearer.clone());
        }
        session.token = None;
        let answer = self.http.send(Access::Read, self.token_request()?).await?;
        match envelope::token(&answer.body) {
            Some((token, life)) if answer.is_success() => {
                let token = new_token(&answer, &token, life)?;
                let bearer = token.bearer.clone();
                *session = Session { token: Some(token), refused: None };
                Ok(bearer)
            }
            _ => Err(self.token_refused(&mut session, &answer)),
        }
    }

    /// What a token call that gave no token means, and how long the next one waits.
    fn token_refused(&self, session: &mut Session, answer: &Answer) -> Error {
        let words = envelope::token_error(&answer.body);
        let says_no = answer.is_success() && words.is_some();
        if says_no
            || matches!(answer.status, 400..=499) && !matches!(answer.status, 404 | 405 | 408 | 429)
        {
            let words = words.map(|words| format!(": {words}")).unwrap_or_default();
            let words =
                if answer.is_web_page() { format!(", {}", answer.describe_body()) } else { words };
            let first = session.refused.is_none();
            let when =
                if first { "once more in 15 minutes" } else { "again only when you ask for it" };
            let reason = format!(
                "the token call refused our credentials (HTTP {}{words}); three wrong attempts \
                 lock the account, so they are tried {when}",
                answer.status
            );
            let error = Error::new(&self.provider, ErrorKind::Auth, &reason);
            let until =
                first.then(|| answer.at.saturating_add(HOLD_REFUSED).unwrap_or(Timestamp::MAX));
            session.refused = Some(Refused { error: error.clone(), until });
            return Error { retry_after: first.then_some(HOLD_REFUSED.unsigned_abs()), ..error };
        }
        if answer.is_success() || matches!(answer.status, 404 | 405) {
            return answer
                .bad_reply(&format!("no token: {}; check token_url", answer.describe_body()));
        }
        answer.refusal(words.as_deref().unwrap_or_default(), AnsweredBy::Unknown)
    }

    /// `POST token_url`, the password grant, never encrypted (enkash wire notes, 1.3).
    fn token_request(&self) -> Result<Request<Bytes>> {
        let mut form = Zeroizing::new(String::with_capacity(512));
        let pairs = [
            ("username", self.login.username.expose_secret()),
            ("password", self.login.password.expose_secret()),
            ("grant_type", "password"),
            ("clientId", &self.settings.company_id),
        ];
        for (name, value) in pairs {
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(name);
            form.push('=');
            push_encoded(&mut form, value);
        }
        Request::builder()
            .method(Method::POST)
            .uri(&self.login.token_url)
            .header(AUTHORIZATION, &self.login.basic)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::copy_from_slice(form.as_bytes()))
            .map_err(|_| self.invalid("token_url is not an address"))
    }
}

/// The token of an answer, renewed [`MARGIN`] before its end, and at half of its life where that is
/// sooner.
fn new_token(answer: &Answer, token: &str, life: Option<i64>) -> Result<Token> {
    let life = life.unwrap_or(SHORT_LIFE).clamp(0, 30 * 86_400);
    let life = SignedDuration::from_secs((life - MARGIN).max(life / 2));
    let bearer = sensitive(&format!("Bearer {token}"))
        .map_err(|_| answer.bad_reply("the token has characters that a header cannot carry"))?;
    Ok(Token { bearer, until: answer.at.checked_add(life).unwrap_or(Timestamp::MAX) })
}

/// A form value: all but letters, digits and `-._*` as `%XX`, a blank as `+`.
fn push_encoded(form: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                form.push(char::from(byte))
            }
            b' ' => form.push('+'),
            _ => write!(form, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
}
