//! What is asked at one wire: of which card, how much, and where the process is stopped or killed
//! meanwhile. All by dice.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, Sandbox};

use crate::proxy::Dice;

/// An operation is looked for so often under fire; the rest waits for the end.
const LOOKS: u32 = 8;

/// Cards that are frozen and unfrozen, and get no money.
const DOORS: usize = 4;

/// Readings of the clock among which one is chosen to stop at: as many as a longer change has.
const READINGS: u64 = 30;

/// What is asked at a wire.
pub(crate) struct Orders {
    pub(crate) dice: Dice,
    /// Top-ups that are still to be asked.
    pub(crate) still_to_do: u64,
    dialect: Dialect,
    sandbox: Sandbox,
    victims: Vec<Victim>,
    doors: Vec<String>,
    /// What was asked and is not known to be settled, by its number.
    asked: BTreeMap<u64, Asked>,
    number: u64,
    kill_every: u64,
    until_kill: u64,
    /// Each process has a journal of its own: only it can look for what it asked.
    apart: bool,
}

/// A card that gets money.
struct Victim {
    card: String,
    /// Sums are counted up, so that a credit can be told from the card's others.
    amounts: u64,
}

/// Something asked that is not settled, as far as is known here.
pub(crate) struct Asked {
    pub(crate) action_kind: ActionKind,
    pub(crate) card: String,
    /// The wire's exchange at which it began.
    pub(crate) since: u64,
    /// The journal's name for it; told when it begins.
    pub(crate) id: Option<String>,
    /// The place of the process that was asked.
    pub(crate) desk: usize,
    /// How much a top-up is of.
    sum: Option<u64>,
    looks: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionKind {
    TopUp,
    Freeze,
    Unfreeze,
}

impl ActionKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TopUp => "topup",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
        }
    }
}

/// What a process is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Open,
    Change(u64),
    Check(u64),
}

/// One command, and what the dice have in mind for it.
pub(crate) struct ChangeRequest {
    pub(crate) task: Task,
    pub(crate) what: &'static str,
    pub(crate) rest: String,
    pub(crate) stop: Stop,
}

/// Where a process is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Never,
    /// The clock stands still at its reading of this number, as when a laptop is closed, for so
    /// many rounds.
    Rest(u64, u64),
    /// Killed at this reading of the clock; at the end of the command, when it has not so many.
    KillAtReading(u64),
    /// Killed in its exchange of this number; at the end of the command, when it has not so many.
    KillAtExchange(u64, Moment),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The process has sent its request, which goes no further.
    Leaving,
    /// The bank has done it, and no answer is passed on.
    Arrived,
    /// Half the answer is passed on.
    Answering,
}

impl Orders {
    pub(crate) fn new(
        dialect: Dialect,
        seed: u64,
        sandbox: &Sandbox,
        quota: u64,
        kill_every: u64,
        apart: bool,
    ) -> anyhow::Result<Self> {
        let mut doors = sandbox.card_ids(dialect);
        doors.retain(|card| sandbox.state(dialect, card) == Some(CardState::Active));
        if doors.len() <= DOORS {
            bail!("{} has too few cards that can be topped up", dialect.name());
        }
        let victims =
            doors.split_off(DOORS).into_iter().map(|card| Victim { card, amounts: 0 }).collect();
        let place = Dialect::ALL.iter().position(|of| *of == dialect).unwrap_or(0) as u64;
        let mut orders = Self {
            dice: Dice::new(
                Dice::new(seed ^ (place + 1).wrapping_mul(0x8EBC_6AF0_9C88_C6E3)).roll(),
            ),
            still_to_do: quota,
            dialect,
            sandbox: sandbox.clone(),
            victims,
            doors,
            asked: BTreeMap::new(),
            number: 0,
            kill_every: kill_every.max(2),
            until_kill: 0,
            apart,
        };
        orders.killed();
        Ok(orders)
    }

    /// The cards that are frozen and unfrozen.
    pub(crate) fn doors(&self) -> &[String] {
        &self.doors
    }

    /// Whether it is time that somebody dies.
    pub(crate) const fn wants_a_kill(&self) -> bool {
        self.until_kill == 0
    }

    /// Somebody died: the next kill is as many top-ups away as wanted on average, between half and
    /// one and a half of it.
    pub(crate) const fn killed(&mut self) {
        self.until_kill = self.kill_every / 2 + self.dice.below(self.kill_every);
    }

    /// The next command for the process of a place, beside one that waits. `None` when there is
    /// nothing to ask.
    pub(crate) fn next(
        &mut self,
        desk: usize,
        waiting: Option<Task>,
        exchanges: u64,
    ) -> anyhow::Result<Option<ChangeRequest>> {
        let kill = self.wants_a_kill();
        let open = self.worth_a_look(desk);
        let what = self.dice.below(20);
        if self.still_to_do > 0 && (what < 9 || open.is_empty()) {
            self.still_to_do -= 1;
            self.until_kill = self.until_kill.saturating_sub(1);
            let (card, sum, rest) = self.top_up(waiting)?;
            return Ok(Some(self.change(
                desk,
                ActionKind::TopUp,
                (card, Some(sum)),
                rest,
                exchanges,
                kill,
            )));
        }
        let kill = kill && self.dice.below(4) == 0;
        if self.still_to_do > 0 && what == 9 {
            let card = pick(&mut self.dice, &self.doors).cloned().unwrap_or_default();
            let action_kind =
                if self.dice.below(2) == 0 { ActionKind::Freeze } else { ActionKind::Unfreeze };
            return Ok(Some(self.change(
                desk,
                action_kind,
                (card, None),
                String::new(),
                exchanges,
                kill,
            )));
        }
        let Some(number) = pick(&mut self.dice, &open).copied() else { return Ok(None) };
        let stop = self.stop(kill);
        Ok(self.look(number).map(|order| ChangeRequest { stop, ..order }))
    }

    /// A look for something asked, whoever asked it.
    pub(crate) fn look(&mut self, number: u64) -> Option<ChangeRequest> {
        let asked = self.asked.get_mut(&number)?;
        asked.looks += 1;
        let rest = format!("{number} {}", asked.id.as_deref()?);
        Some(ChangeRequest { task: Task::Check(number), what: "check", rest, stop: Stop::Never })
    }

    /// The numbers of everything that is not known to be settled.
    pub(crate) fn unsettled(&self) -> Vec<u64> {
        self.asked.keys().copied().collect()
    }

    /// It has begun, and the journal may know it by this name.
    pub(crate) fn begun(&mut self, number: u64, id: &str) {
        if let Some(asked) = self.asked.get_mut(&number) {
            asked.id = Some(id.to_owned());
        }
    }

    /// It is settled, or the journal has nothing of it.
    pub(crate) fn over(&mut self, number: u64) -> Option<Asked> {
        self.asked.remove(&number)
    }

    /// Whoever was asked is dead. What had no name yet cannot be in the journal.
    pub(crate) fn died(&mut self, number: u64) {
        if self.asked.get(&number).is_some_and(|asked| asked.id.is_none())
            && self.over(number).is_some_and(|asked| asked.action_kind == ActionKind::TopUp)
        {
            self.still_to_do += 1;
        }
    }

    /// The place of the process that can look for something asked, where only one can.
    pub(crate) fn only_desk(&self, number: u64) -> Option<usize> {
        self.asked.get(&number).filter(|_| self.apart).map(|asked| asked.desk)
    }

    /// A card and a sum that another system tops up: mostly what was asked here and is not settled.
    pub(crate) fn elsewhere(&mut self) -> Option<(String, u64)> {
        let asked: Vec<(String, u64)> = self
            .asked
            .values()
            .filter_map(|asked| Some((asked.card.clone(), asked.sum?)))
            .collect();
        if let Some(same) = pick(&mut self.dice, &asked).cloned()
            && self.dice.below(4) != 0
        {
            return Some(same);
        }
        let card = pick(&mut self.dice, &self.victims)?.card.clone();
        let each = self.each(&card)?;
        Some((card, 5 * each))
    }

    /// What one unit of a card's sums is: hundreds where there are no decimals, so that a fee of
    /// one in a hundred is exact.
    fn each(&self, card: &str) -> Option<u64> {
        let currency = self.sandbox.available(self.dialect, card)?.currency();
        Some(if currency.decimals() == Some(0) { 100 } else { 1 })
    }

    fn change(
        &mut self,
        desk: usize,
        action_kind: ActionKind,
        (card, sum): (String, Option<u64>),
        rest: String,
        exchanges: u64,
        kill: bool,
    ) -> ChangeRequest {
        self.number += 1;
        let rest = format!("{} {card}{rest}", self.number);
        self.asked.insert(
            self.number,
            Asked { action_kind, card, since: exchanges, id: None, desk, sum, looks: 0 },
        );
        ChangeRequest {
            task: Task::Change(self.number),
            what: action_kind.as_str(),
            rest,
            stop: self.stop(kill),
        }
    }

    fn worth_a_look(&self, desk: usize) -> Vec<u64> {
        let may = |asked: &Asked| !self.apart || asked.desk == desk;
        let worth = self
            .asked
            .iter()
            .filter(|(_, asked)| asked.looks < LOOKS && asked.id.is_some() && may(asked));
        worth.map(|(number, _)| *number).collect()
    }

    /// A card that nothing is in the way of, or one where something is, mostly with the phrase that
    /// overrules it; and how much.
    fn top_up(&mut self, waiting: Option<Task>) -> anyhow::Result<(String, u64, String)> {
        let waiting = match waiting {
            Some(Task::Change(number)) => {
                self.asked.get(&number).filter(|asked| asked.action_kind == ActionKind::TopUp)
            }
            Some(Task::Open | Task::Check(_)) | None => None,
        };
        let same = waiting
            .and_then(|asked| self.victims.iter().position(|victim| victim.card == asked.card));
        let blocked: Vec<&str> = self
            .asked
            .values()
            .filter(|asked| asked.action_kind == ActionKind::TopUp)
            .map(|asked| asked.card.as_str())
            .collect();
        // Both at one card, more often than chance would have it.
        let same = same.filter(|_| self.dice.below(3) == 0);
        let (place, blocked) = loop {
            let place = match same {
                Some(place) => place,
                None => usize::try_from(self.dice.below(self.victims.len() as u64))?,
            };
            let blocked = self
                .victims
                .get(place)
                .is_some_and(|victim| blocked.contains(&victim.card.as_str()));
            if !blocked || same.is_some() || self.dice.below(4) == 0 {
                break (place, blocked);
            }
        };
        let second = if blocked && self.dice.below(3) != 0 { "second" } else { "first" };
        let equal = self.dice.below(6) == 0;
        let victim = self.victims.get_mut(place).ok_or_else(|| anyhow!("no such card"))?;
        victim.amounts += 1;
        // Whole units, or hundreds where there are no decimals: a fee of one in a hundred is exact.
        let count = if equal { 5 } else { 10 + victim.amounts };
        let card = victim.card.clone();
        let currency = self
            .sandbox
            .available(self.dialect, &card)
            .ok_or_else(|| anyhow!("no such card"))?
            .currency();
        let sum = count * self.each(&card).unwrap_or(1);
        Ok((card, sum, format!(" {sum} {} {second}", currency.code())))
    }

    /// Where the next command is stopped, if at all.
    fn stop(&mut self, kill: bool) -> Stop {
        match (kill, self.dice.below(4)) {
            (true, 0 | 1) => {
                let moments = [Moment::Leaving, Moment::Arrived, Moment::Answering];
                let moment = pick(&mut self.dice, &moments).copied().unwrap_or(Moment::Arrived);
                Stop::KillAtExchange(1 + self.dice.below(5), moment)
            }
            (true, _) => Stop::KillAtReading(1 + self.dice.below(READINGS)),
            (false, 0) if self.dice.below(8) == 0 => {
                Stop::Rest(1 + self.dice.below(READINGS), 1 + self.dice.below(8))
            }
            (false, _) => Stop::Never,
        }
    }
}

fn pick<'a, T>(dice: &mut Dice, from: &'a [T]) -> Option<&'a T> {
    let length = from.len() as u64;
    from.get(usize::try_from(dice.below(length.max(1))).unwrap_or(0))
}
