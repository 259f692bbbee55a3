//! Logins of the wires that have them: tokens that expire, and an account that is locked after too
//! many wrong logins.

use jiff::Timestamp;

use super::bank::after;
use super::crypto;

/// How long an account stays locked: ten minutes (ibanera wire notes, 1.2; enkash does not say).
const LOCK_MILLIS: u64 = 600_000;

/// Tokens that were given out, and wrong logins since the last right one.
pub(super) struct Sessions {
    rules: LoginRules,
    wrong_logins: u32,
    locked_until: Option<Timestamp>,
    /// With the time at which each expires.
    tokens: Vec<(String, Timestamp)>,
    made: u64,
}

/// What a wire says about logins.
#[derive(Clone, Copy)]
pub(super) struct LoginRules {
    pub(super) token_seconds: u64,
    /// Wrong logins in a row that lock the account.
    pub(super) wrong_logins: u32,
}

/// What a wrong login did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongLogin {
    Counted,
    LockedTheAccount,
}

impl Sessions {
    pub(super) const fn new(rules: LoginRules) -> Self {
        Self { rules, wrong_logins: 0, locked_until: None, tokens: Vec::new(), made: 0 }
    }

    pub(super) fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    pub(super) fn wrong_login(&mut self, now: Timestamp) -> WrongLogin {
        self.wrong_logins += 1;
        if self.wrong_logins < self.rules.wrong_logins {
            return WrongLogin::Counted;
        }
        self.wrong_logins = 0;
        self.locked_until = Some(after(now, LOCK_MILLIS));
        WrongLogin::LockedTheAccount
    }

    /// Gives out the token that `make` makes of the session's number, from 1 on.
    pub(super) fn open(&mut self, now: Timestamp, make: impl FnOnce(u64) -> String) -> String {
        self.wrong_logins = 0;
        self.locked_until = None;
        self.made += 1;
        let token = make(self.made);
        self.tokens.push((token.clone(), after(now, self.rules.token_seconds * 1_000)));
        token
    }

    /// Whether the token was given out and has not expired.
    pub(super) fn accepts(&mut self, token: &str, now: Timestamp) -> bool {
        self.tokens.retain(|(_, until)| *until > now);
        self.tokens.iter().any(|(ours, _)| crypto::equal_secrets(ours, token))
    }
}
