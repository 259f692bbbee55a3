//! The loop: keys, engine events and time go into the model, one at a time; effects and frames come
//! out.
//!
//! It waits for its inputs and its timer only: never for a provider, never for the store.

mod alarm;
mod clipboard;
mod ending;
mod events;
mod frames;
mod signals;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::app::keymap::Keymap;
use crate::app::pace::Pace;
use crate::app::portfolio::Portfolio;
use crate::app::{
    self, CopyOutcome, CopyRequest, Effect, Model, Msg, WorkLeft, drawn, rests, update, update_all,
    wake_at, work_left,
};
use crate::clock::Clock;
use crate::config;
use crate::engine::{Engine, EngineEvent, session_number};
use crate::tty::{self, Heard, Input, Terminal};
use crate::ui;
use crate::ui::theme::Theme;
use alarm::Alarm;
use clipboard::{Clipboard, Finished, Step};
use events::{EVENTS, EVENTS_AT_REST, first_events, receive};
use frames::{Cause, Frames, Origin};
use signals::{Sign, Signals};

pub use crate::tty::Color;

/// How long after the question the first frame waits for the terminal to tell its background: a
/// terminal of this machine answers in less, and one far away takes longer than anybody should look
/// at nothing.
const ANSWER: Duration = Duration::from_millis(10);

const UNREADABLE: &str = "the terminal cannot be read";

/// Most messages of the terminal that are taken in before a frame is drawn.
const BATCH: usize = 256;

/// What a board needs.
pub struct Start {
    /// Asked by the board, and stopped when it ends.
    pub engine: Engine,
    /// What the engine reports.
    pub events: mpsc::Receiver<EngineEvent>,
    /// How the board looks and behaves.
    pub board: config::Board,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// What the keys mean.
    pub keymap: Keymap,
    /// Refuse every change.
    pub read_only: bool,
    /// Who operates.
    pub operator: Arc<str>,
    /// Tells the time.
    pub clock: Clock,
    /// Whether to use colours.
    pub color: Color,
    /// What the last line says until the first key.
    pub greeting: Option<String>,
}

/// Shows the board until the operator quits or a signal ends it. The terminal is left as it was
/// found.
///
/// # Errors
/// When there is no terminal, or it fails.
pub async fn board(start: Start) -> anyhow::Result<()> {
    let engine = start.engine.clone();
    // The loop's timer belongs to the loop's own thread: no other one wakes up for the clock, and
    // no reading keeps a key waiting.
    let ended = tokio::task::block_in_place(|| {
        let own = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("the board cannot wait")?;
        own.block_on(show(start))
    });
    ending::wait_for_changes(&engine).await;
    engine.leave();
    ended
}

async fn show(start: Start) -> anyhow::Result<()> {
    let Start { engine, mut events, board, zone, keymap, .. } = start;
    let Start { read_only, operator, clock, color, greeting, .. } = start;
    let signals = Signals::new().context("signals cannot be listened to")?;
    let mut terminal = Terminal::enter(&board)?;
    let mut theme = tty::theme(&board, color);
    // The terminal answers while the first frame is prepared.
    let asked = tty::asks_for_background(&board, &theme).then(Instant::now);
    if asked.is_some() {
        terminal.ask_for_background()?;
    }
    let mut portfolio =
        Portfolio::new(clock.now(), zone, operator, session_number()?, engine.providers());
    portfolio.read_only = read_only;
    portfolio.pace = pace(board.seconds, true);
    portfolio.in_memory = board.in_memory;
    let mut model = Model::new(app::Start { portfolio, size: terminal.size()?, keymap });
    _ = greeting.map(|words| model.greet(&words));
    // The first frame shows what is known, each figure with its age, before anything is read.
    let first = first_events(&mut events);
    let effects = update_all(&mut model, first.into_iter().map(Msg::EngineEvent));
    let (input, typed) = listen(asked, &mut theme).await?;
    let mut running = Running {
        model,
        theme,
        terminal,
        input,
        events: Some(events),
        signals,
        alarm: Alarm::new().context("the board cannot wait")?,
        engine,
        clock,
        clipboard: Clipboard::new(board.clipboard, tty::clipboard_ways()),
        frames: Frames::due_at(Instant::now()),
        seconds: board.seconds,
    };
    let effects = effects.into_iter().chain(running.apply(typed)).collect();
    let ended = running.run(effects).await;
    running.leave();
    ended
}

/// Begins to read the terminal. What it has behind its text is waited for only as long as an answer
/// takes that is on its way; the first frame comes before a later one, which changes its colours.
/// Also returns what was typed meanwhile.
async fn listen(
    asked: Option<Instant>,
    theme: &mut Theme,
) -> anyhow::Result<(mpsc::Receiver<io::Result<Heard>>, Vec<Msg>)> {
    let mut input = read_input(Input::new(asked.is_some()));
    let mut typed = Vec::new();
    while let Some(asked) = asked
        && let Ok(Some(heard)) = tokio::time::timeout_at(asked + ANSWER, input.recv()).await
    {
        match heard.context(UNREADABLE)? {
            Heard::Msg(msg) => typed.push(msg),
            Heard::Focus(_) => {}
            Heard::Background(background) => {
                theme.background = background;
                break;
            }
        }
    }
    Ok((input, typed))
}

struct Running {
    model: Model,
    theme: Theme,
    terminal: Terminal,
    input: mpsc::Receiver<io::Result<Heard>>,
    events: Option<mpsc::Receiver<EngineEvent>>,
    signals: Signals,
    alarm: Alarm,
    engine: Engine,
    clock: Clock,
    clipboard: Clipboard,
    frames: Frames,
    /// When clock and ages show seconds.
    seconds: config::Seconds,
}

/// What ended a wait.
enum Woken {
    Messages(Vec<Msg>),
    Clipboard(Finished),
    Stop,
    Continued,
    End,
}

impl Running {
    async fn run(&mut self, mut effects: Vec<Effect>) -> anyhow::Result<()> {
        loop {
            if !self.carry_out(effects).await? {
                return Ok(());
            }
            effects = self.draw_when_due()?;
            // Does nothing after the first frame.
            self.engine.begin();
            if !effects.is_empty() {
                continue;
            }
            let messages = match self.wait().await? {
                Woken::Messages(messages) => messages,
                Woken::Clipboard(finished) => {
                    let step = self.clipboard.after(finished);
                    self.go_on_copying(step).into_iter().collect()
                }
                Woken::Stop => {
                    self.stop().await?;
                    Vec::new()
                }
                Woken::Continued => {
                    self.take_again()?;
                    Vec::new()
                }
                Woken::End => return Ok(()),
            };
            effects = self.apply(messages);
        }
    }

    /// Gives the terminal back, at once: what the board holds ends with the process, and to free
    /// each of a hundred thousand cards would keep the shell waiting.
    fn leave(self) {
        let Self { mut model, terminal, events, .. } = self;
        drop(terminal);
        model.forget_secrets();
        std::mem::forget((model, events));
    }

    /// Waits for a message, the next frame, or the next instant at which something shown changes by
    /// itself. While the board has more work, waits for nothing.
    async fn wait(&mut self) -> anyhow::Result<Woken> {
        let until = self.timer();
        // They may wait, and are asked for again at the end of that.
        let takes_news = self.frames.news_wait_until(Instant::now()).is_none();
        // What comes from now on may lie there until there is something to wake up for.
        let rests = takes_news && rests(&self.model) && self.has_no_events();
        let listens = takes_news && !rests;
        let goes_on = match work_left(&self.model) {
            WorkLeft::Nothing => false,
            WorkLeft::News => takes_news,
            WorkLeft::Search => true,
        };
        let mut typed = Vec::new();
        let mut reported = Vec::new();
        let mut failure = None;
        tokio::select! {
            biased;
            sign = self.signals.any() => return Ok(match sign {
                Sign::End => Woken::End,
                Sign::Stop => Woken::Stop,
                Sign::Continued => Woken::Continued,
            }),
            count = self.input.recv_many(&mut typed, BATCH) => if count == 0 {
                return Ok(Woken::End);
            },
            () = self.engine.news(), if rests => {}
            count = receive(&mut self.events, &mut reported), if listens => if count == 0 {
                self.events = None;
                let why = "nothing is read any more: quit and start again";
                failure = Some(Msg::Failed(why.to_owned()));
            },
            finished = self.clipboard.finished() => return Ok(Woken::Clipboard(finished)),
            () = self.alarm.wait(until) => {}
            // Whoever reads the terminal gets a turn, and what it heard goes first.
            () = tokio::task::yield_now(), if goes_on => {
                return Ok(Woken::Messages(vec![Msg::Continue]));
            }
        }
        while typed.len() < BATCH
            && let Ok(msg) = self.input.try_recv()
        {
            typed.push(msg);
        }
        // What was typed is answered first.
        let most = if rests { EVENTS_AT_REST } else { EVENTS };
        while takes_news
            && typed.is_empty()
            && reported.len() < most
            && let Some(Ok(event)) = self.events.as_mut().map(mpsc::Receiver::try_recv)
        {
            reported.push(event);
        }
        let typed = typed.into_iter().collect::<io::Result<Vec<Heard>>>().context(UNREADABLE)?;
        let mut messages: Vec<Msg> =
            typed.into_iter().filter_map(|heard| self.operator_message(heard)).collect();
        messages.extend(reported.into_iter().map(Msg::EngineEvent));
        messages.extend(failure);
        fold_sizes(&mut messages);
        Ok(Woken::Messages(messages))
    }

    /// What the operator did; a late answer about the background changes the colours instead.
    fn operator_message(&mut self, heard: Heard) -> Option<Msg> {
        match heard {
            Heard::Msg(msg) => {
                if matches!(msg, Msg::Key(_)) {
                    self.engine.note_key();
                }
                Some(msg)
            }
            Heard::Background(background) => {
                self.theme.background = background;
                self.frames.ask(Cause::ByHand, Instant::now());
                None
            }
            Heard::Focus(focused) => Some(Msg::Pace(pace(self.seconds, focused))),
        }
    }

    /// Time first, then every message, in order.
    fn apply(&mut self, messages: Vec<Msg>) -> Vec<Effect> {
        let now = self.clock.now();
        let set_back = self.model.portfolio.now.duration_since(now) > SignedDuration::from_secs(2);
        let woken = set_back || wake_at(&self.model).is_some_and(|at| at <= now);
        if woken {
            self.engine.glance();
        }
        let changed = woken || !messages.is_empty();
        let origin = Origin::of(&messages);
        let tick = Msg::Tick(self.clock.now());
        let effects = update_all(&mut self.model, std::iter::once(tick).chain(messages));
        if changed {
            self.frames.ask_after(origin, work_left(&self.model), Instant::now());
        }
        effects
    }

    /// Whether all that the engine has reported was taken in.
    fn has_no_events(&self) -> bool {
        self.events.as_ref().is_some_and(|events| events.is_empty() && !events.is_closed())
    }

    /// When the wait ends by itself.
    fn timer(&self) -> Option<Instant> {
        let wake = wake_at(&self.model).map(|at| {
            let left = Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default();
            // At least 10 ms, so that a time in the past does not make the loop spin; at most the
            // longest step, since after the clock was set back the next wake-up would be far away.
            let most = match self.model.portfolio.pace {
                Pace::Seconds => Duration::from_secs(5),
                Pace::Minutes => Duration::from_secs(60),
            };
            Instant::now() + left.clamp(Duration::from_millis(10), most)
        });
        let now = Instant::now();
        [self.frames.due(now), self.frames.news_wait_until(now), wake].into_iter().flatten().min()
    }

    fn draw_when_due(&mut self) -> anyhow::Result<Vec<Effect>> {
        if !self.frames.is_due(Instant::now()) {
            return Ok(Vec::new());
        }
        let size = self.terminal.size()?;
        let mut effects = Vec::new();
        if self.frames.are_of_another(size) {
            effects = update(&mut self.model, Msg::Resized(size.0, size.1));
        }
        let (model, theme) = (&self.model, &self.theme);
        self.terminal.draw(size, |to| ui::view(model, theme, to))?;
        drawn(&mut self.model);
        self.frames.note_drawn(Instant::now());
        Ok(effects)
    }

    /// Gives the terminal back, stops the process, and takes the terminal again when it is
    /// continued.
    async fn stop(&mut self) -> anyhow::Result<()> {
        self.terminal.give_back();
        self.signals.stop_here().await?;
        self.take_again()
    }

    fn take_again(&mut self) -> anyhow::Result<()> {
        self.terminal.take_again()?;
        self.frames.ask_at_once(Instant::now());
        Ok(())
    }

    /// Goes on with a copy, and says what became of it once that is known.
    fn go_on_copying(&mut self, step: Step) -> Option<Msg> {
        let outcome = match step {
            Step::Wait => return None,
            Step::End(outcome) => outcome,
            Step::Terminal(CopyRequest { what, text }) => match self.terminal.copy(&text) {
                Ok(()) => CopyOutcome::SentToTerminal(what),
                Err(error) => CopyOutcome::Failed(error.to_string()),
            },
        };
        Some(Msg::Copied(outcome))
    }

    /// `false` when it is over.
    async fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<bool> {
        for effect in effects {
            match effect {
                Effect::Ask(job) => self.engine.ask(job),
                Effect::Copy(request) => {
                    let step = self.clipboard.copy(request);
                    if let Some(outcome) = self.go_on_copying(step) {
                        // A notice has no effects.
                        let _ = update(&mut self.model, outcome);
                        self.frames.ask(Cause::ByHand, Instant::now());
                    }
                }
                Effect::Suspend => {
                    self.terminal.give_back();
                    if self.signals.stop_group().await? {
                        self.stop().await?;
                    } else {
                        self.take_again()?;
                    }
                }
                Effect::Redraw => {
                    self.terminal.forget();
                    self.frames.ask(Cause::ByHand, Instant::now());
                }
                Effect::Quit => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// How often the board is drawn by itself.
const fn pace(seconds: config::Seconds, focused: bool) -> Pace {
    match (seconds, focused) {
        (config::Seconds::Always, _) | (config::Seconds::Focused, true) => Pace::Seconds,
        (config::Seconds::Focused, false) | (config::Seconds::Never, _) => Pace::Minutes,
    }
}

/// Of sizes that follow each other only the last counts.
fn fold_sizes(messages: &mut Vec<Msg>) {
    messages.dedup_by(|next, before| match (next, before) {
        (Msg::Resized(columns, rows), Msg::Resized(kept_columns, kept_rows)) => {
            (*kept_columns, *kept_rows) = (*columns, *rows);
            true
        }
        _ => false,
    });
}

/// Reads the terminal in a task of its own, until the terminal is gone: starting to read anew after
/// every wait of the loop would cost more than a frame.
fn read_input(mut input: Input) -> mpsc::Receiver<io::Result<Heard>> {
    let (send, messages) = mpsc::channel(BATCH);
    tokio::spawn(async move {
        while let Some(heard) = input.next().await.transpose() {
            let failed = heard.is_err();
            if send.send(heard).await.is_err() || failed {
                return;
            }
        }
    });
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::chord::Chord;

    #[test]
    fn of_sizes_in_a_row_only_the_last_counts_and_keys_keep_their_place() {
        let mut messages = vec![
            Msg::Resized(80, 24),
            Msg::Resized(90, 30),
            Msg::Key(Chord::char('j')),
            Msg::Resized(100, 40),
            Msg::Resized(120, 40),
        ];
        fold_sizes(&mut messages);
        assert!(
            matches!(messages[..], [Msg::Resized(90, 30), Msg::Key(_), Msg::Resized(120, 40)]),
            "{messages:?}"
        );
    }
}
