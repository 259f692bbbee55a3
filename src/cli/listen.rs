//! `listen`: receives what providers push, until Ctrl-C.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use tokio::sync::mpsc;

use super::Run;
use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::global::{Format, Global};
use super::print;
use super::session::{Session, configuration};
use super::shutdown::Shutdown;
use crate::clock::Clock;
use crate::contract::{DeliveryReport, FailureKind, Row, View, csv, json};
use crate::domain::text;
use crate::engine::Received;
use crate::listen::{Receiver, Report};

/// Lines that may wait to be printed. Who reads slower than they come is told how many were not.
const LINES_WAITING: usize = 10_000;

/// Receive and verify what providers push, without a board: one line a delivery
#[derive(Debug, Args)]
#[command(after_help = "\
Each account has the path /NAME, or /NAME/SECRET where its webhooks carry a secret instead of a \
signature. An event is in the data file before it is acknowledged; a board with the same data file \
acts on it. docs/webhooks.md says what to register at each provider.")]
pub(crate) struct Listen {
    /// Where to listen, instead of `addr` of the configuration (127.0.0.1:8787)
    #[arg(long, value_name = "ADDRESS:PORT")]
    addr: Option<SocketAddr>,
}

impl Run for Listen {
    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut shutdown = Shutdown::listen()?;
        let addr = self.addr.unwrap_or(configuration(global)?.listen.addr);
        let session = Session::open(global, clock).await?;
        let receiver = Receiver::bind(addr).await.map_err(|error| not_bound(addr, &error))?;
        for (account, why) in session.engine.unverifiable().await {
            warn(&format!("{account}: nothing it pushes is believed: {why}"));
        }
        let (lines, mut waiting) = mpsc::channel(LINES_WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let not_printed = Arc::clone(&dropped);
        let receiving = receiver.start(
            session.engine.clone(),
            Some(Arc::new(move |report| {
                if lines.try_send(report_of(report)).is_err() {
                    not_printed.fetch_add(1, Ordering::Relaxed);
                }
            })),
        );
        warn(&format!("listening on http://{}", receiving.addr));
        let mut header = (session.format == Format::Csv).then(csv::header::<DeliveryReport>);
        loop {
            let report = tokio::select! {
                report = waiting.recv() => report,
                _signal = shutdown.requested() => return Ok(Exit::Done),
            };
            let Some(report) = report else { return Ok(Exit::Done) };
            let line = line(&report, session.format, &session.view);
            if !print::put_or_closed(&(header.take().unwrap_or_default() + &line))? {
                return Ok(Exit::Done);
            }
            let dropped = dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                warn(&format!("{dropped} deliveries were received and not printed"));
            }
        }
    }
}

fn not_bound(addr: SocketAddr, error: &std::io::Error) -> Failure {
    let words = format!(
        "{addr} cannot be listened on: {error}; nothing is received. Another cardtop may have it, \
         or name another one with --addr or [listen] addr"
    );
    Failure::new(Exit::Refused, FailureKind::System, words)
}

/// What became of a delivery, as it is printed.
fn report_of(report: Report) -> DeliveryReport {
    let Report { account, received, received_at } = report;
    let provider = text::clean(&account).into();
    let refused = |why: &str| DeliveryReport {
        provider: Arc::clone(&provider),
        event: None,
        id: None,
        card: None,
        accepted: false,
        reason: Some(why.into()),
        received_at,
    };
    match received {
        Received::Accepted { push, is_repeat, .. } => DeliveryReport {
            provider,
            event: Some(push.event),
            id: push.id,
            card: push.card,
            accepted: true,
            reason: is_repeat.then(|| "received before".into()),
            received_at,
        },
        Received::Refused { why, .. } | Received::Later { why } => refused(&why),
        Received::Stranger => refused("its sender is not among webhook_from"),
        Received::NoSuchAccount => refused("no account has this name"),
    }
}

fn line(report: &DeliveryReport, format: Format, view: &View) -> String {
    match format {
        Format::Json => json::object(report) + "\n",
        Format::Csv => csv::line(Row::from(report)),
        Format::Table => {
            let word = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
            let outcome = if report.accepted { "accepted" } else { "REFUSED" };
            let mut line = format!(
                "{}  {:10}  {outcome:8}  {}",
                view.time(report.received_at),
                report.provider,
                word(&report.event)
            );
            if let Some(card) = &report.card {
                line.push_str(&format!("  card {card}"));
            }
            if let Some(reason) = &report.reason {
                line.push_str(&format!("  {reason}"));
            }
            line + "\n"
        }
    }
}
