//! `topup --from FILE`: checked whole, then one line after the other, each once.
//!
//! Each payment has a number ([`payment`]), and its operations have ids of that number. Whether a
//! line was sent is what the journal says, and nothing else: not the results beside the file. The
//! journal takes no second operation of a payment, whichever process asks.

mod preview;
mod turns;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::turns::Turns;
use super::file::{self, Line};
use super::payment;
use super::results::Results;
use crate::cli::change::capabilities;
use crate::cli::change::terms::{Terms, terms};
use crate::cli::exit::{Exit, warn};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::global::Global;
use crate::cli::print;
use crate::cli::session::Session;
use crate::cli::shutdown::Shutdown;
use crate::clock::Clock;
use crate::contract::{BulkLine, FailureKind, Fate, Row};
use crate::domain::card::CardKey;
use crate::domain::operation::{
    Action, OnConflict, Operation, OperationId, OperationState, StepKind,
};
use crate::domain::text;
use crate::engine::{ChangeRequest, Expected, Job, Refused};

/// How a file is to be paid.
pub(super) struct Asked<'a> {
    pub(super) batch: &'a str,
    /// `--yes`.
    pub(super) confirmed: bool,
    pub(super) retries_failed: bool,
    /// For the effect of each line.
    pub(super) wait: Duration,
}

/// Pays a file, or says what paying it would do.
pub(super) async fn run(path: &Path, asked: &Asked<'_>, global: &Global, clock: Clock) -> Outcome {
    let mut shutdown = Shutdown::listen()?;
    let opening = Session::open(global, clock.clone());
    let session = shutdown.or_interrupted(opening).await;
    let session = session.map_err(|failure| failure.now("nothing was sent"))?;
    let outcome = pay(&session, path, asked, &clock, &mut shutdown).await;
    session.engine.stop().await;
    outcome
}

async fn pay(
    session: &Session,
    path: &Path,
    asked: &Asked<'_>,
    clock: &Clock,
    shutdown: &mut Shutdown,
) -> Outcome {
    let lines = shutdown.or_interrupted(file::read(session, path)).await;
    let lines = lines.map_err(Failure::not_sent)?;
    let mut bulk = Bulk::of(session, path, asked, lines).await.map_err(Failure::not_sent)?;
    if !asked.confirmed {
        let previewing = bulk.preview();
        shutdown.or_interrupted(previewing).await.map_err(Failure::not_sent)?;
        print::put(&bulk.text())?;
        return Ok(Exit::Done);
    }
    bulk.say_what_was_sent_before();
    // Where the results cannot be written nothing is sent: what became of a line is to be seen.
    bulk.write_results().map_err(Failure::not_sent)?;
    let ended = bulk.send_all(clock, shutdown).await;
    print::put(&bulk.text())?;
    ended?;
    Ok(bulk.exit())
}

/// How sending a line went, for those that follow.
enum Went {
    On,
    /// Its card could not be read: why. Nothing of it left.
    Unread(String),
    /// A signal came.
    Interrupted,
}

/// A file that is being paid.
struct Bulk<'a> {
    session: &'a Session,
    asked: &'a Asked<'a>,
    results: Results,
    lines: Vec<Line>,
    /// What became of each line.
    shown: Vec<BulkLine>,
    /// The number of each line's next operation.
    next: Vec<u64>,
    /// Lines that were not sent because their account could not be read.
    unreached: usize,
}

impl<'a> Bulk<'a> {
    /// What the journal has of each line.
    async fn of(
        session: &'a Session,
        path: &Path,
        asked: &'a Asked<'a>,
        lines: Vec<Line>,
    ) -> Result<Self, Failure> {
        let (mut shown, mut next) = (Vec::new(), Vec::new());
        for line in &lines {
            let key = &line.card.key;
            let number = |tries| payment::number(asked.batch, key, line.amount, tries);
            let (mut tries, mut newest) = (0, None);
            while let Some(operation) = find_payment(session, key, number(tries)).await? {
                if operation.amount != Some(line.amount) {
                    return Err(other_payment(line, &operation));
                }
                newest = Some(operation);
                tries += 1;
            }
            next.push(number(tries));
            let never_left = match &newest {
                Some(operation) if operation.state == OperationState::Failed => {
                    never_left(session, operation.id).await?
                }
                Some(_) | None => false,
            };
            shown.push(of_line(line, newest.as_ref(), asked.retries_failed || never_left));
        }
        let results = Results::of(path, &shown);
        Ok(Self { session, asked, results, lines, shown, next, unreached: 0 })
    }

    /// Sends what is to be sent, one line after the other; looks for what is in doubt.
    ///
    /// # Errors
    /// Where the results cannot be written any more: the lines after that were not sent.
    async fn send_all(&mut self, clock: &Clock, shutdown: &mut Shutdown) -> Result<(), Failure> {
        let mut turns = Turns::of(self.lines.len());
        while let Some(at) = turns.next() {
            let Some(shown) = self.shown.get(at) else { continue };
            let provider = shown.card.key.provider.clone();
            match (shown.fate, shown.operation) {
                (Fate::ToSend, _) if turns.is_given_up(&provider) => {
                    self.give_up(at, format!("{provider} could not be read a moment ago")).await;
                }
                (Fate::ToSend, _) => match self.send(at, clock, shutdown).await {
                    Went::On => turns.note_read(&provider),
                    Went::Unread(why) if turns.note_unread(at, &provider) => {
                        self.explain(at, Fate::ToSend, why);
                    }
                    Went::Unread(why) => self.give_up(at, why).await,
                    Went::Interrupted => {
                        warn("interrupted: the lines that follow were not sent");
                        return self.end_results();
                    }
                },
                (Fate::SentBefore, Some((id, state))) if !is_settled(state) => {
                    // That it cannot be read now changes nothing of it.
                    let looked = tokio::select! {
                        looked = self.session.engine.check(id) => looked.ok(),
                        _ = shutdown.requested() => return self.end_results(),
                    };
                    if let Some(found) = looked {
                        self.note(at, Fate::SentBefore, &found);
                    }
                }
                (Fate::SentBefore | Fate::Sent | Fate::NotSent, _) => continue,
            }
            if self.results.are_due() {
                self.write_results()?;
            }
        }
        self.end_results()
    }

    /// Sends a line.
    async fn send(&mut self, at: usize, clock: &Clock, shutdown: &mut Shutdown) -> Went {
        let (Some(line), Some(&number)) = (self.lines.get(at), self.next.get(at)) else {
            return Went::On;
        };
        let (card, reason) = (Arc::clone(&line.card), line.reason.clone());
        let action = Action::TopUp(line.amount);
        let id = OperationId::of_payment(clock.now(), number);
        let terms = match self.terms(at, false).await {
            Ok(terms) => terms,
            Err(failure) if failure.exit == Exit::Unreachable => {
                return Went::Unread(failure.sentence());
            }
            Err(failure) => {
                self.explain(at, Fate::NotSent, failure.sentence());
                return Went::On;
            }
        };
        let payer = terms.payer.as_ref();
        if let Some(trouble) = payer.and_then(|payer| payer.trouble.as_ref()) {
            self.explain(at, Fate::NotSent, trouble.clone());
            return Went::On;
        }
        let request = ChangeRequest {
            id,
            card: card.key.clone(),
            action,
            reason: reason.map(Arc::from),
            shown: Expected::default(),
            on_conflict: OnConflict::Refuse,
            recent_credit: None,
            payer: payer.and_then(|payer| payer.account.clone()),
        };
        // A signal ends the waiting, and never the sending.
        let sent = tokio::select! {
            sent = self.session.engine.change(request, self.asked.wait) => Some(sent),
            _ = shutdown.requested() => None,
        };
        let went = if sent.is_none() { Went::Interrupted } else { Went::On };
        match sent {
            Some(Ok(operation)) => {
                self.note(at, Fate::Sent, &operation);
                return Went::On;
            }
            Some(Err(Refused::Unread(error))) if Exit::of_error(&error) == Exit::Unreachable => {
                return Went::Unread(error.to_string());
            }
            Some(Err(refused)) => self.explain(at, Fate::NotSent, refused.to_string()),
            None => {
                // What is not on its way by then is refused, and not sent behind our back.
                self.session.engine.ask(Job::ReadOnly(true));
                self.session.engine.stop().await;
                self.explain(at, Fate::NotSent, "interrupted".to_owned());
            }
        }
        self.note_journal(at, Some(id)).await;
        went
    }

    /// A line whose account could not be read. Somebody else who pays the same file may have sent
    /// it.
    async fn give_up(&mut self, at: usize, why: String) {
        self.unreached += 1;
        self.explain(at, Fate::NotSent, why);
        self.note_journal(at, None).await;
    }

    /// What the journal has of a payment counts, and not what was said of it. Somebody else who
    /// pays the same file may have been quicker.
    async fn note_journal(&mut self, at: usize, ours: Option<OperationId>) {
        let (Some(line), Some(&number)) = (self.lines.get(at), self.next.get(at)) else { return };
        if let Ok(Some(operation)) = find_payment(self.session, &line.card.key, number).await {
            let is_ours = ours == Some(operation.id);
            let fate = if is_ours { Fate::Sent } else { Fate::SentBefore };
            self.note(at, fate, &operation);
        }
    }

    /// What a line costs and who pays.
    async fn terms(&self, at: usize, wants_fee: bool) -> Result<Terms, Failure> {
        let Some(line) = self.lines.get(at) else { return Ok(Terms::default()) };
        let offered = capabilities(self.session, &line.card).await?;
        let action = Action::TopUp(line.amount);
        terms(self.session, &line.card, &action, &offered, wants_fee).await
    }

    fn note(&mut self, at: usize, fate: Fate, operation: &Operation) {
        if let Some(shown) = self.shown.get_mut(at) {
            shown.fate = fate;
            shown.operation = Some((operation.id, operation.state));
            shown.detail = operation.detail.as_deref().map(str::to_owned);
            self.results.note(at, shown);
        }
    }

    /// Says in words why nothing of a line was sent.
    fn explain(&mut self, at: usize, fate: Fate, why: String) {
        if let Some(shown) = self.shown.get_mut(at) {
            shown.fate = fate;
            shown.detail = Some(text::printable(&why));
            self.results.note(at, shown);
        }
    }

    /// Writes the results for the last time in this run.
    fn end_results(&mut self) -> Result<(), Failure> {
        if !self.write_results()? {
            warn("another cardtop that pays this file was just writing its results: they are its");
        }
        Ok(())
    }

    /// False where another process that pays the same file was just writing them.
    fn write_results(&mut self) -> Result<bool, Failure> {
        self.results.write().map_err(|error| {
            let name = text::of_path(self.results.path());
            let words = format!("{name} cannot be written: {error}");
            Failure::new(Exit::Refused, FailureKind::System, words)
                .now("the lines that follow were not sent; the journal has those before")
        })
    }

    fn text(&self) -> String {
        let rows = self.shown.iter().map(Row::from);
        print::list(rows, self.session.format, &self.session.view)
    }

    /// The worst of all lines: in doubt, unreachable, failed or not sent, accepted, done.
    fn exit(&self) -> Exit {
        let any = |test: &dyn Fn(&BulkLine) -> bool| self.shown.iter().any(test);
        let is = |line: &BulkLine, wanted| line.operation.is_some_and(|(_, state)| state == wanted);
        let in_doubt =
            |line: &BulkLine| is(line, OperationState::Unknown) || is(line, OperationState::Sent);
        if any(&in_doubt) {
            Exit::Unknown
        } else if self.unreached > 0 {
            Exit::Unreachable
        } else if any(&|line| {
            matches!(line.fate, Fate::NotSent | Fate::ToSend) || is(line, OperationState::Failed)
        }) {
            Exit::Refused
        } else if any(&|line| is(line, OperationState::Accepted)) {
            Exit::Accepted
        } else {
            Exit::Done
        }
    }
}

async fn find_payment(
    session: &Session,
    card: &CardKey,
    number: u64,
) -> Result<Option<Operation>, Failure> {
    session.engine.find_payment(card, number).await.map_err(Failure::data_file)
}

/// Whether the journal says that nothing of an operation left this machine: it has no line `sent`,
/// nor one of which it is not known what stood before it.
async fn never_left(session: &Session, id: OperationId) -> Result<bool, Failure> {
    let steps = session.engine.steps(id).await.map_err(Failure::data_file)?;
    Ok(steps.iter().all(|step| {
        matches!(
            step.kind,
            StepKind::Intent | StepKind::Second | StepKind::NotSent | StepKind::Crash
        )
    }))
}

const fn is_settled(state: OperationState) -> bool {
    matches!(state, OperationState::Done | OperationState::Failed)
}

/// A line, with what the journal has of it. What FAILED is to be sent again where that is `wanted`,
/// and where nothing says that it may have happened all the same.
fn of_line(line: &Line, newest: Option<&Operation>, wanted: bool) -> BulkLine {
    let detail = newest.and_then(|operation| operation.detail.as_deref().map(str::to_owned));
    let (fate, detail) = match newest {
        None => (Fate::ToSend, None),
        Some(operation) if operation.state == OperationState::Failed && wanted => {
            match (&operation.alarm, operation.watched_until) {
                (Some(alarm), _) => (Fate::SentBefore, Some(alarm.to_string())),
                (None, Some(_)) => {
                    let why = "a person settled it, and its credit is still looked for";
                    (Fate::SentBefore, Some(why.to_owned()))
                }
                (None, None) => (Fate::ToSend, detail),
            }
        }
        Some(_) => (Fate::SentBefore, detail),
    };
    BulkLine {
        line: line.number,
        card: (*line.card).clone(),
        amount: line.amount,
        fee: None,
        reason: line.reason.clone(),
        fate,
        operation: newest.map(|operation| (operation.id, operation.state)),
        detail,
    }
}

/// Two payments have the same number. It cannot be told which of them was sent.
fn other_payment(line: &Line, operation: &Operation) -> Failure {
    Failure::refused(format!(
        "line {}: its number is that of operation {}, which is another payment: say another \
         --batch",
        line.number, operation.id
    ))
}
