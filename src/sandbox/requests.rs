//! How a request is answered: what is to go wrong with it, and what the server says.

use std::sync::atomic::Ordering;

use axum::extract::Request;
use axum::response::Response;
use http::{StatusCode, header};

use super::call::{Call, Reply, Signing, query_pairs};
use super::dialect::RequestKind;
use super::{Dialect, Endpoint, Fault, Sandbox, Scenario, faults, scenario, troubles};

/// Largest request that is read, in bytes.
const LARGEST_REQUEST: usize = 4 << 20;
/// How much later the money of a top-up arrives whose answer a scenario loses. So long its outcome
/// is not known, and a person can read that and act on it.
const UNKNOWN_MILLIS: u64 = 90_000;

impl Sandbox {
    /// Answers a request, with the time that the bank's clock shows (RFC 9110, 6.6.1).
    pub(super) async fn respond(&self, dialect: Dialect, request: Request) -> Response {
        let mut response = match Call::read(request).await {
            Some(call) => {
                let response = self.respond_to_call(dialect, call).await;
                self.wake(dialect);
                response
            }
            None => {
                let body = "too large".to_owned();
                Reply::of(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", body).into_response()
            }
        };
        if let Some(date) = self.date(dialect) {
            response.headers_mut().insert(header::DATE, date);
        }
        response
    }

    async fn respond_to_call(&self, dialect: Dialect, mut call: Call) -> Response {
        let kind = dialect.wire().request_kind(&call.path);
        let fault = self.take_fault(dialect, kind);
        if dialect == scenario::SLOW_PROVIDER && self.has(Scenario::Slow) {
            tokio::time::sleep(scenario::SLOW_ANSWER).await;
        }
        if self.is_out(dialect) {
            return faults::unavailable().into_response();
        }
        if self.is_blocked_by_proxy(dialect, kind) {
            return faults::forbidden().into_response();
        }
        if let Some(fault) = fault {
            call.signing = fault.signing();
            if let Some(response) = fault.before(dialect.wire()).await {
                return response;
            }
        }
        let reply = self.answer(dialect, &call, kind);
        if reply.topped_up && self.loses_this_top_up() {
            self.endpoint(dialect).bank.delay_newest_credit(UNKNOWN_MILLIS);
            return faults::broken();
        }
        match fault {
            Some(fault) => fault.after(reply),
            None => reply.into_response(),
        }
    }

    fn has(&self, scenario: Scenario) -> bool {
        self.0.options.scenarios.contains(&scenario)
    }

    /// Counts the request and takes the fault that waits for it, if any.
    fn take_fault(&self, dialect: Dialect, kind: RequestKind) -> Option<Fault> {
        let mut endpoint = self.endpoint(dialect);
        endpoint.requests += 1;
        let planned = endpoint
            .faults
            .iter_mut()
            .find(|planned| planned.left > 0 && planned.target.includes(kind))?;
        planned.left -= 1;
        let fault = planned.fault;
        endpoint.faults.retain(|planned| planned.left > 0);
        Some(fault)
    }

    /// What the server answers, or what is wrong with the card that was asked about.
    ///
    /// While it answers, the server looks cards and lists up in the bank, which notes them in its
    /// trace. So what is to happen afterwards needs nothing from the servers: a list changes after
    /// it was read, and a reading about a single card, by a caller that proved who it is, is
    /// replaced when a fault or a trouble of that card wants it. Writes are never replaced: they
    /// took effect.
    fn answer(&self, dialect: Dialect, call: &Call, kind: RequestKind) -> Reply {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        // The server knows what it pushed until now.
        endpoint.collect_webhooks();
        let Endpoint { bank, server, writes, card_faults, .. } = &mut *endpoint;
        bank.trace.card.set(None);
        let reply = server.answer(bank, call, now);
        let is_write = kind == RequestKind::Write;
        if is_write && reply.authenticated {
            *writes += 1;
        }
        bank.after_request(now);
        let about = bank.trace.card.take().filter(|_| !is_write && reply.authenticated);
        let Some(about) = about else { return reply };
        let planned = card_faults.iter().position(|planned| planned.card == about);
        let fault = planned.map(|index| card_faults.remove(index).fault);
        let trouble = bank.cards.get(about).and_then(|card| card.trouble.as_ref());
        fault
            .and_then(|fault| fault.reply_instead(dialect.wire()))
            .or_else(|| trouble.and_then(troubles::replacement_reply))
            .unwrap_or(reply)
    }

    /// The scenario of lost answers: the first top-up, and every second one after it.
    fn loses_this_top_up(&self) -> bool {
        self.has(Scenario::UnknownTopup)
            && self.0.top_ups.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }

    fn running_seconds(&self) -> i64 {
        self.0.clock.now().duration_since(self.0.started).as_secs()
    }

    /// The scenario of a proxy that lets no login through for the first seconds, and not every
    /// reading ever.
    fn is_blocked_by_proxy(&self, dialect: Dialect, kind: RequestKind) -> bool {
        self.has(Scenario::WebPage403)
            && match kind {
                RequestKind::Login => self.running_seconds() < scenario::BLOCKED_LOGIN_SECONDS,
                RequestKind::Write => false,
                RequestKind::Read => {
                    self.endpoint(dialect).requests.is_multiple_of(scenario::BLOCKED_READING)
                }
            }
    }

    /// The scenario of a provider that is gone for a minute and a half, after ten seconds and again
    /// every five minutes.
    fn is_out(&self, dialect: Dialect) -> bool {
        dialect == scenario::OUT_PROVIDER
            && self.has(Scenario::Outage)
            && scenario::OUTAGE.contains(&self.running_seconds().rem_euclid(scenario::OUTAGE_CYCLE))
    }
}

impl Call {
    /// Reads a request whole; `None` when it is too large.
    async fn read(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, LARGEST_REQUEST).await.ok()?;
        Some(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: query_pairs(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body,
            signing: Signing::Right,
        })
    }
}
