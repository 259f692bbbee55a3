//! One wire under torture: two processes of cardtop on the common data folder, and the network
//! between them and the bank.
//!
//! One of the two has the turn, until its command has ended, waits for something that comes later,
//! or it is killed. What waits goes on in a later round, so the two meet in the middle of each
//! other's changes; the wire's own dice and counts decide all of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{anyhow, bail};
use cardtop::sandbox::CardState;
use cardtop::sandbox::Dialect;
use tokio::net::TcpStream;

use super::gate::{self, Arrived, Gate};
use super::orders::{ActionKind, ChangeRequest, Moment, Orders, Stop, Task};
use super::process::Worker;
use super::worker::{DESK, FOLDER};
use crate::proxy::{Lie, failure, half, page, short, too_many};

/// A wire, its two processes, and what is asked of them.
pub(crate) struct Lane {
    pub(crate) dialect: Dialect,
    pub(crate) gate: Gate,
    pub(crate) orders: Orders,
    pub(crate) tally: Tally,
    slots: [Slot; 2],
    grounds: Grounds,
}

/// Where a lane's processes work.
#[derive(Clone)]
pub(crate) struct Grounds {
    /// The words that this program is started with to be a worker.
    pub(crate) words: &'static [&'static str],
    pub(crate) folder: PathBuf,
    /// The common time, in milliseconds since 1970.
    pub(crate) time: Arc<AtomicI64>,
    /// Other systems top up the same cards, each process has a data file of its own, and answers
    /// are mixed up.
    pub(crate) hostile: bool,
}

/// What was counted, and what must not have happened.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) kills: BTreeMap<&'static str, u64>,
    /// Why nothing was sent, in a word.
    pub(crate) refused: BTreeMap<String, u64>,
    /// How often a clock stood still.
    pub(crate) rests: u64,
    pub(crate) looks: u64,
    /// Top-ups that the bank did not let in, and said so: those may be sent once more.
    pub(crate) turned_away: u64,
    /// Freezes and unfreezes that ended under fire, by their state.
    pub(crate) states: BTreeMap<String, u64>,
    pub(crate) wrong: Vec<String>,
    /// Top-ups of other systems: the row's id, and when it was asked, in milliseconds since 1970.
    pub(crate) elsewhere: BTreeMap<String, i64>,
    /// Answers about another card.
    pub(crate) mixed_up: u64,
    /// What happened to lists.
    pub(crate) lists: BTreeMap<&'static str, u64>,
}

/// The place of one process.
enum Slot {
    /// Killed; it is started again in this round.
    Down(u64),
    Idle(Worker),
    Busy(Busy),
}

/// A process with something to do.
struct Busy {
    worker: Worker,
    task: Task,
    stop: Stop,
    /// A change says its name before anything else.
    begun: bool,
    /// Requests of this command.
    exchanges: u64,
    /// Top-ups that may be sent: one, and one more for each that the bank did not let in.
    may_send: u64,
    /// What it waits for, and until which round.
    waits: Option<(Waits, u64)>,
}

/// Why a process waits.
enum Waits {
    /// Its clock stands still.
    Still,
    /// Its request has not arrived yet.
    Request(Arrived),
    /// Its request was done, and the answer has not come back yet.
    Answer(Back),
}

/// An answer on its way back.
struct Back {
    client: TcpStream,
    answer: Vec<u8>,
    /// To a top-up.
    is_top_up: bool,
}

impl Busy {
    /// Tells the time, and waits until it is known: what comes next may make it read the clock.
    async fn tell_the_time(&mut self, time: i64) -> anyhow::Result<()> {
        self.worker.tell(&format!("{time} now")).await?;
        match self.worker.apply().await?.as_str() {
            "now" => Ok(()),
            other => Err(anyhow!("the worker said: {other}")),
        }
    }
}

impl Arrived {
    fn back(self, answer: Vec<u8>) -> Back {
        Back { client: self.client, answer, is_top_up: self.is_top_up }
    }
}

impl Lane {
    pub(crate) fn new(dialect: Dialect, gate: Gate, orders: Orders, grounds: Grounds) -> Self {
        Self {
            dialect,
            gate,
            orders,
            tally: Tally::default(),
            slots: [Slot::Down(0), Slot::Down(0)],
            grounds,
        }
    }

    /// One command to one of the two, and then everything that waited until this round goes on.
    pub(crate) async fn round(&mut self, round: u64) -> anyhow::Result<()> {
        self.elsewhere();
        self.change_lists();
        self.command(round).await?;
        self.elsewhere();
        for place in 0..self.slots.len() {
            self.go_on(place, round).await?;
        }
        Ok(())
    }

    /// Another system may top up a card with a sum that was asked here.
    fn elsewhere(&mut self) {
        if !self.grounds.hostile || self.gate.honest || self.orders.dice.below(5) != 0 {
            return;
        }
        let Some((card, sum)) = self.orders.elsewhere() else { return };
        if let Some(id) = self.gate.top_up_elsewhere(&card, sum) {
            let at = self.time();
            self.tally.elsewhere.insert(id, at);
        }
    }

    /// What is listed may change, mostly of a card that was topped up here.
    fn change_lists(&mut self) {
        if !self.grounds.hostile || self.gate.honest || self.orders.dice.below(2) != 0 {
            return;
        }
        let Some((card, _)) = self.orders.elsewhere() else { return };
        if let Some(word) = self.gate.change_lists(&card, self.orders.dice.below(10)) {
            *self.tally.lists.entry(word).or_default() += 1;
        }
    }

    /// Starts what is to be started by this round. Nothing else may happen at any wire meanwhile:
    /// whoever starts settles what the dead of all wires left.
    pub(crate) async fn start(&mut self, round: u64) -> anyhow::Result<()> {
        for place in 0..self.slots.len() {
            while matches!(self.slots.get(place), Some(Slot::Down(until)) if *until <= round) {
                let stillborn = !self.gate.honest && self.orders.dice.below(12) == 0;
                let stop = if stillborn {
                    Stop::KillAtReading(1 + self.orders.dice.below(5))
                } else {
                    Stop::Never
                };
                let worker = Worker::start(|command| {
                    command.args(self.grounds.words).env(FOLDER, &self.grounds.folder);
                    if self.grounds.hostile {
                        command.env(DESK, place.to_string());
                    }
                })?;
                *self.slot(place)? = Slot::Idle(worker);
                let order = ChangeRequest {
                    task: Task::Open,
                    what: "open",
                    rest: self.dialect.name().to_owned(),
                    stop,
                };
                self.ask(place, order, round).await?;
            }
        }
        Ok(())
    }

    /// Whether everything was asked and nobody is at it any more.
    pub(crate) fn rests(&self) -> bool {
        self.orders.still_to_do == 0 && !self.slots.iter().any(|slot| matches!(slot, Slot::Busy(_)))
    }

    /// The last life ends like the others; then the network is well again.
    pub(crate) async fn die(&mut self, round: u64) -> anyhow::Result<()> {
        for place in 0..self.slots.len() {
            if !matches!(self.slots.get(place), Some(Slot::Down(_))) {
                self.kill(place, round, "at the end").await?;
                *self.slot(place)? = Slot::Down(round);
            }
        }
        Ok(self.gate.be_honest().await?)
    }

    /// One look for everything that is not settled: how much was found.
    pub(crate) async fn look_for_all(&mut self, round: u64) -> anyhow::Result<usize> {
        let open = self.orders.unsettled();
        for number in &open {
            let place = self
                .orders
                .only_desk(*number)
                .unwrap_or(usize::from(self.orders.dice.below(2) == 1));
            match self.orders.look(*number) {
                Some(order) => self.ask(place, order, round).await?,
                // It died before it had a name.
                None => drop(self.orders.over(*number)),
            }
        }
        Ok(open.len() - self.orders.unsettled().len())
    }

    /// Both end by themselves.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        for slot in self.slots {
            if let Slot::Idle(worker) = slot {
                worker.end().await?;
            }
        }
        Ok(())
    }

    async fn command(&mut self, round: u64) -> anyhow::Result<()> {
        let first = usize::from(self.orders.dice.below(2) == 1);
        let idle = [first, 1 - first]
            .into_iter()
            .find(|place| matches!(self.slots.get(*place), Some(Slot::Idle(_))));
        let waiting = self.slots.iter().enumerate().find_map(|(place, slot)| match slot {
            Slot::Busy(busy) => Some((place, busy.task)),
            Slot::Idle(_) | Slot::Down(_) => None,
        });
        if let Some((place, _)) = waiting
            && self.orders.wants_a_kill()
            && self.orders.dice.below(2) == 0
        {
            return self.kill(place, round, "while it waited").await;
        }
        let Some(place) = idle else { return Ok(()) };
        match self.orders.next(place, waiting.map(|(_, task)| task), self.gate.exchanges)? {
            Some(order) => self.ask(place, order, round).await,
            None => Ok(()),
        }
    }

    /// Gives an idle process something to do, and the turn.
    async fn ask(&mut self, place: usize, order: ChangeRequest, round: u64) -> anyhow::Result<()> {
        let Slot::Idle(mut worker) = self.take(place)? else { bail!("it is not idle") };
        let ChangeRequest { task, what, rest, stop } = order;
        let reading = match stop {
            Stop::Rest(reading, _) | Stop::KillAtReading(reading) => reading,
            Stop::Never | Stop::KillAtExchange(..) => 0,
        };
        self.tally.looks += u64::from(matches!(task, Task::Check(_)));
        worker.tell(&format!("{} {what} {reading} {rest}", self.time())).await?;
        let is_change = matches!(task, Task::Change(_));
        let (begun, may_send) = (!is_change, u64::from(is_change));
        *self.slot(place)? =
            Slot::Busy(Busy { worker, task, stop, begun, exchanges: 0, may_send, waits: None });
        self.run(place, round).await
    }

    /// Lets a process that waited until this round go on.
    async fn go_on(&mut self, place: usize, round: u64) -> anyhow::Result<()> {
        let time = self.time();
        let Some(Slot::Busy(busy)) = self.slots.get_mut(place) else { return Ok(()) };
        let Some((waits, _)) = busy.waits.take_if(|(_, until)| *until <= round) else {
            return Ok(());
        };
        match waits {
            Waits::Still => busy.worker.tell(&format!("{time} go")).await?,
            Waits::Request(arrived) => {
                busy.tell_the_time(time).await?;
                let answer = self.gate.deliver(&arrived).await?;
                self.pass(place, arrived.back(answer)).await?;
            }
            Waits::Answer(back) => {
                busy.tell_the_time(time).await?;
                self.pass(place, back).await?;
            }
        }
        self.run(place, round).await
    }

    /// The turn of a process: until its command has ended, it waits, or it is dead.
    async fn run(&mut self, place: usize, round: u64) -> anyhow::Result<()> {
        loop {
            let Some(Slot::Busy(Busy { worker, waits: None, begun, .. })) =
                self.slots.get_mut(place)
            else {
                return Ok(());
            };
            let client = tokio::select! {
                biased;
                line = worker.apply() => {
                    self.heard(place, round, &line?).await?;
                    continue;
                }
                // What it says before its first request is heard before that.
                client = self.gate.knock(), if *begun => client?,
            };
            if let Some(arrived) = self.gate.read(client).await? {
                self.exchange(place, round, arrived).await?;
            }
        }
    }

    async fn heard(&mut self, place: usize, round: u64, line: &str) -> anyhow::Result<()> {
        let busy = self.busy(place)?;
        let words: Vec<&str> = line.split(' ').collect();
        match (words.as_slice(), busy.task, busy.stop) {
            (["begun", number, id], Task::Change(of), _) if number.parse() == Ok(of) => {
                busy.begun = true;
                self.orders.begun(of, id);
                return Ok(());
            }
            (["stopped"], _, Stop::Rest(_, rounds)) => {
                busy.waits = Some((Waits::Still, round + rounds));
                self.tally.rests += 1;
                return Ok(());
            }
            (["stopped"], _, Stop::KillAtReading(_)) => {
                return self.kill(place, round, "between two steps").await;
            }
            (["ready"], Task::Open, _) => {}
            (["end", number, state], Task::Change(of) | Task::Check(of), _)
                if number.parse() == Ok(of) =>
            {
                self.ended(of, state)
            }
            (["refused", number, class, ..], task @ (Task::Change(of) | Task::Check(of)), _)
                if number.parse() == Ok(of) =>
            {
                self.refused(task, of, class);
            }
            // What a test harness says when it begins.
            (_, Task::Open, _) => return Ok(()),
            _ => bail!("the worker said: {line}"),
        }
        let Slot::Busy(busy) = self.take(place)? else { bail!("it had nothing to do") };
        *self.slot(place)? = Slot::Idle(busy.worker);
        match busy.stop {
            Stop::KillAtReading(_) | Stop::KillAtExchange(..) => {
                self.kill(place, round, "between two commands").await
            }
            Stop::Never | Stop::Rest(..) => Ok(()),
        }
    }

    /// The journal has it in this state.
    fn ended(&mut self, number: u64, state: &str) {
        let settled = matches!(state, "DONE" | "FAILED");
        let Some(asked) = (if settled { self.orders.over(number) } else { None }) else { return };
        let wanted = match asked.action_kind {
            ActionKind::TopUp => return,
            ActionKind::Freeze => CardState::Frozen,
            ActionKind::Unfreeze => CardState::Active,
        };
        *self.tally.states.entry(state.to_owned()).or_default() += 1;
        if state == "DONE" && !self.gate.was(&asked.card, wanted, asked.since) {
            let said = format!(
                "{} card {}: number {number} is DONE, and the card never was so",
                self.dialect.name(),
                asked.card
            );
            self.tally.wrong.push(said);
        }
    }

    /// The journal has nothing of it, or it could not be looked for.
    fn refused(&mut self, task: Task, number: u64, class: &str) {
        *self.tally.refused.entry(class.to_owned()).or_default() += 1;
        // Whoever was asked for it may still be about to write it.
        let asked =
            |slot: &Slot| matches!(slot, Slot::Busy(busy) if busy.task == Task::Change(number));
        let nothing =
            matches!(task, Task::Change(_)) || class == "none" && !self.slots.iter().any(asked);
        if nothing
            && self.orders.over(number).is_some_and(|asked| asked.action_kind == ActionKind::TopUp)
        {
            self.orders.still_to_do += 1;
        }
    }

    /// One request, and what the network does with it.
    async fn exchange(
        &mut self,
        place: usize,
        round: u64,
        mut arrived: Arrived,
    ) -> anyhow::Result<()> {
        self.witness(place, arrived.is_top_up)?;
        let busy = self.busy(place)?;
        busy.exchanges += 1;
        if let Stop::KillAtExchange(exchange, moment) = busy.stop
            && exchange == busy.exchanges
        {
            return self.kill_in(place, round, moment, arrived).await;
        }
        if self.grounds.hostile
            && self.orders.dice.below(30) == 0
            && let Some(answer) = self.gate.answer_about_another(&arrived)
        {
            self.tally.mixed_up += 1;
            return self.pass(place, arrived.back(answer)).await;
        }
        let lie = self.gate.lie(&arrived);
        let answer = match lie {
            Some(Lie::LoseRequest) => return Ok(()),
            Some(Lie::ResetRequest) => return Ok(arrived.client.set_zero_linger()?),
            Some(Lie::LateRequest(exchanges)) => {
                let said = self.lose_patience(place, &mut arrived.client).await?;
                self.gate.delay(arrived, exchanges).await?;
                return self.heard_meanwhile(place, round, said).await;
            }
            Some(Lie::RequestOvertaken) => {
                return self.wait(place, Waits::Request(arrived), round + 1);
            }
            Some(Lie::Refuse429) => too_many(),
            Some(Lie::Fail500) => failure(),
            Some(
                Lie::Fail500After
                | Lie::LoseAnswer
                | Lie::ResetAnswer
                | Lie::CutAnswer
                | Lie::ShortAnswer
                | Lie::Page
                | Lie::LateAnswer(_)
                | Lie::Overtaken
                | Lie::Twice,
            )
            | None => self.gate.deliver(&arrived).await?,
        };
        let answer = match lie {
            Some(Lie::Fail500After) => failure(),
            Some(Lie::Page) => page(),
            Some(Lie::ShortAnswer) => short(&answer),
            Some(Lie::LoseAnswer) => return Ok(()),
            Some(Lie::ResetAnswer) => {
                gate::begin(&mut arrived.client, half(&answer)).await;
                return Ok(arrived.client.set_zero_linger()?);
            }
            Some(Lie::CutAnswer) => {
                gate::begin(&mut arrived.client, half(&answer)).await;
                return Ok(());
            }
            Some(Lie::LateAnswer(0)) => {
                let said = self.lose_patience(place, &mut arrived.client).await?;
                return self.heard_meanwhile(place, round, said).await;
            }
            // A command makes about four exchanges.
            Some(Lie::LateAnswer(exchanges)) => {
                return self.wait(
                    place,
                    Waits::Answer(arrived.back(answer)),
                    round + exchanges.div_ceil(4),
                );
            }
            Some(Lie::Overtaken) => {
                return self.wait(place, Waits::Answer(arrived.back(answer)), round + 1);
            }
            Some(Lie::Twice) => {
                self.gate.deliver(&arrived).await?;
                answer
            }
            Some(
                Lie::LoseRequest
                | Lie::ResetRequest
                | Lie::LateRequest(_)
                | Lie::RequestOvertaken
                | Lie::Refuse429
                | Lie::Fail500,
            )
            | None => answer,
        };
        self.pass(place, arrived.back(answer)).await
    }

    /// A change is sent by whoever was asked for it, once.
    fn witness(&mut self, place: usize, is_top_up: bool) -> anyhow::Result<()> {
        let name = self.dialect.name();
        let busy = self.busy(place)?;
        let task = busy.task;
        match (is_top_up, busy.may_send.checked_sub(1)) {
            (false, _) => {}
            (true, Some(left)) => busy.may_send = left,
            (true, None) => self.tally.wrong.push(format!(
                "{name}: a top-up was sent again, or that nobody asked for: {task:?}"
            )),
        }
        Ok(())
    }

    /// Passes an answer on. One that does not let a top-up in allows another one, with a new login.
    async fn pass(&mut self, place: usize, mut back: Back) -> anyhow::Result<()> {
        if back.is_top_up && back.answer.starts_with(b"HTTP/1.1 401 ") {
            self.busy(place)?.may_send += 1;
            self.tally.turned_away += 1;
        }
        gate::answer(&mut back.client, &back.answer).await;
        Ok(())
    }

    /// The process is told that it has waited long enough: it hangs up, or says something before it
    /// comes to that. A process whose clock stands still hangs up no more.
    async fn lose_patience(
        &mut self,
        place: usize,
        client: &mut TcpStream,
    ) -> anyhow::Result<Option<String>> {
        let time = self.time();
        let worker = &mut self.busy(place)?.worker;
        worker.tell(&format!("{time} patience")).await?;
        tokio::select! {
            biased;
            line = worker.apply() => line.map(Some),
            () = gate::hung_up(client) => Ok(None),
        }
    }

    async fn heard_meanwhile(
        &mut self,
        place: usize,
        round: u64,
        said: Option<String>,
    ) -> anyhow::Result<()> {
        match said {
            Some(line) => self.heard(place, round, &line).await,
            None => Ok(()),
        }
    }

    fn wait(&mut self, place: usize, waits: Waits, until: u64) -> anyhow::Result<()> {
        self.busy(place)?.waits = Some((waits, until));
        Ok(())
    }

    async fn kill_in(
        &mut self,
        place: usize,
        round: u64,
        moment: Moment,
        mut arrived: Arrived,
    ) -> anyhow::Result<()> {
        let point = match moment {
            Moment::Leaving => "before its request had left",
            Moment::Arrived => {
                self.gate.deliver(&arrived).await?;
                "after its request had arrived"
            }
            Moment::Answering => {
                let answer = self.gate.deliver(&arrived).await?;
                gate::begin(&mut arrived.client, half(&answer)).await;
                "in the middle of an answer"
            }
        };
        self.kill(place, round, point).await
    }

    /// SIGKILL. It comes back within some rounds; what it had on its way may still arrive.
    async fn kill(&mut self, place: usize, round: u64, point: &'static str) -> anyhow::Result<()> {
        let until = round + self.orders.dice.below(5);
        let (worker, task, waits) = match std::mem::replace(self.slot(place)?, Slot::Down(until)) {
            Slot::Idle(worker) => (worker, None, None),
            Slot::Busy(busy) => (busy.worker, Some(busy.task), busy.waits),
            Slot::Down(_) => bail!("it is dead already"),
        };
        worker.kill().await?;
        *self.tally.kills.entry(point).or_default() += 1;
        self.orders.killed();
        if let Some(Task::Change(number)) = task {
            self.orders.died(number);
        }
        if let Some((Waits::Request(arrived), _)) = waits
            && self.orders.dice.below(2) == 0
        {
            let exchanges = self.orders.dice.below(12);
            self.gate.delay(arrived, exchanges).await?;
        }
        Ok(())
    }

    fn slot(&mut self, place: usize) -> anyhow::Result<&mut Slot> {
        self.slots.get_mut(place).ok_or_else(|| anyhow!("there are two"))
    }

    fn busy(&mut self, place: usize) -> anyhow::Result<&mut Busy> {
        match self.slot(place)? {
            Slot::Busy(busy) => Ok(busy),
            Slot::Idle(_) | Slot::Down(_) => Err(anyhow!("it has nothing to do")),
        }
    }

    /// The process of a place, which is left empty.
    fn take(&mut self, place: usize) -> anyhow::Result<Slot> {
        Ok(std::mem::replace(self.slot(place)?, Slot::Down(u64::MAX)))
    }

    fn time(&self) -> i64 {
        self.grounds.time.load(Ordering::SeqCst)
    }
}
