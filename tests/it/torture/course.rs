//! The course of a torture: rounds in which each wire has its turn, side by side, and steps of a
//! common clock between them.
//!
//! Whatever happens follows from the seed: the wires share nothing but the journal, which tells
//! them apart, and nothing that concerns all of them (the clock, a start) happens while one of them
//! is at work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use aws_lc_rs::digest;
use cardtop::clock::Clock;
use cardtop::domain::operation::{ActionKind, Operation, OperationState};
use cardtop::sandbox::{Dialect, Sandbox};
use cardtop::store::Store;
use futures::future::try_join_all;
use jiff::Timestamp;
use rusqlite::Connection;

use super::gate::Gate;
use super::judge::Account;
use super::lane::{Grounds, Lane};
use super::orders::Orders;
use super::table::{counts, table};
use super::worker::{self, PATIENCE};
use super::{Report, Wish, bank};
use crate::proxy::Dice;

/// When every course begins, in milliseconds since 1970: 2026-04-03 12:08:12 UTC.
const BEGAN: i64 = 1_775_218_092_000;

/// Rounds at the end in which nothing is found any more.
const IDLE: u32 = 3;

/// Runs it from its first round to the comparison.
pub(crate) async fn run(wish: &Wish) -> anyhow::Result<Report> {
    let time = Arc::new(AtomicI64::new(BEGAN));
    let sandbox = bank::open(wish.seed, wish.cards, clock(&time))?;
    let serving = sandbox.serve(None).await.context("the sandbox")?;
    let folder = match &wish.beside {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    };
    let folder = folder.context("a folder")?;
    let grounds = Grounds {
        words: wish.words,
        folder: folder.path().to_owned(),
        time,
        hostile: wish.hostile,
    };
    if wish.hostile {
        bank::be_hostile(&sandbox, wish.seed);
    }
    let quota = wish.operations.div_ceil(Dialect::ALL.len() as u64);
    let mut lanes = Vec::new();
    let mut bases = BTreeMap::new();
    for dialect in Dialect::ALL {
        let orders =
            Orders::new(dialect, wish.seed, &sandbox, quota, wish.kill_every, wish.hostile)?;
        let gate = Gate::open(dialect, wish.seed, &sandbox, serving.addr(dialect), orders.doors())
            .await
            .context("a port")?;
        bases.insert(dialect, gate.base()?);
        lanes.push(Lane::new(dialect, gate, orders, grounds.clone()));
    }
    let base = |dialect| bases.get(&dialect).cloned().unwrap_or_default();
    bank::configure(&sandbox, &base, &worker::config(folder.path()), PATIENCE, wish.hostile)?;
    let mut course =
        Course { lanes, grounds, dice: Dice::new(wish.seed ^ 0x5EED), round: 0, quota };
    course.torture().await?;
    let (passes, found) = course.settle().await?;
    let report = course.judge(wish, &sandbox, (passes, found)).await?;
    serving.stop().await;
    let kept = (!report.good).then(|| folder.keep());
    Ok(Report { kept, ..report })
}

fn clock(time: &Arc<AtomicI64>) -> Clock {
    let time = Arc::clone(time);
    Clock::of(move || {
        Timestamp::from_millisecond(time.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    })
}

struct Course {
    lanes: Vec<Lane>,
    grounds: Grounds,
    dice: Dice,
    round: u64,
    quota: u64,
}

impl Course {
    /// Rounds under fire, until the journal has enough top-ups of every wire.
    async fn torture(&mut self) -> anyhow::Result<()> {
        loop {
            self.start().await?;
            let round = self.round;
            try_join_all(self.lanes.iter_mut().map(|lane| lane.round(round))).await?;
            self.pass(None);
            if self.lanes.iter().all(Lane::rests) && !self.is_short().await? {
                return Ok(());
            }
        }
    }

    /// The data files: one for all, or one of each desk.
    fn stores(&self) -> anyhow::Result<Vec<Store>> {
        let desks: &[Option<&str>] =
            if self.grounds.hostile { &[Some("0"), Some("1")] } else { &[None] };
        desks
            .iter()
            .map(|desk| Ok(Store::open(&worker::data(&self.grounds.folder, *desk))?))
            .collect()
    }

    /// Starts who is dead, one after the other.
    async fn start(&mut self) -> anyhow::Result<()> {
        for lane in &mut self.lanes {
            lane.start(self.round).await?;
        }
        Ok(())
    }

    /// The next round begins so many milliseconds later, or as the dice have it: mostly moments,
    /// sometimes minutes, seldom hours.
    fn pass(&mut self, millis: Option<u64>) {
        let steps = [
            (1, 3_000),
            (1, 3_000),
            (1, 3_000),
            (3_000, 90_000),
            (3_000, 90_000),
            (120_000, 1_200_000),
        ];
        let rare = (3_600_000, 14_400_000);
        let place = usize::try_from(self.dice.below(steps.len() as u64)).unwrap_or(0);
        let (least, most) =
            if self.dice.below(50) == 0 { rare } else { steps.get(place).copied().unwrap_or(rare) };
        let step = millis.unwrap_or(least + self.dice.below(most - least));
        self.grounds.time.fetch_add(i64::try_from(step).unwrap_or(0), Ordering::SeqCst);
        self.round += 1;
    }

    /// Asks for as many more as the journal has too few: what died early is not in it.
    async fn is_short(&mut self) -> anyhow::Result<bool> {
        let operations = everything(&self.stores()?).await?;
        let mut short = false;
        for lane in &mut self.lanes {
            let of = |operation: &&Operation| {
                operation.action_kind == ActionKind::TopUp
                    && operation.card.provider.name() == lane.dialect.name()
            };
            lane.orders.still_to_do =
                self.quota.saturating_sub(operations.iter().filter(of).count() as u64);
            short |= lane.orders.still_to_do > 0;
        }
        Ok(short)
    }

    /// The last life ends like the others; then the network is well again, and the two look until
    /// nothing is found any more. How many rounds that took, and how many were found.
    async fn settle(&mut self) -> anyhow::Result<(u32, usize)> {
        for lane in &mut self.lanes {
            lane.die(self.round).await?;
        }
        self.pass(Some(60_000));
        self.start().await?;
        let (mut passes, mut found, mut idle) = (0, 0, 0);
        while idle < IDLE {
            let round = self.round;
            let now: usize =
                try_join_all(self.lanes.iter_mut().map(|lane| lane.look_for_all(round)))
                    .await?
                    .into_iter()
                    .sum();
            passes += 1;
            found += now;
            idle = if now == 0 { idle + 1 } else { 0 };
            self.pass(Some(20_000));
        }
        Ok((passes, found))
    }

    /// Compares, counts, and lets the processes end.
    async fn judge(
        self,
        wish: &Wish,
        sandbox: &Sandbox,
        (passes, found): (u32, usize),
    ) -> anyhow::Result<Report> {
        let stores = self.stores()?;
        let operations = everything(&stores).await?;
        let mut lines = Ok(0);
        for store in &stores {
            match store.verify().await? {
                Ok(verified) => lines = lines.map(|lines| lines + verified.lines),
                Err(broken) => lines = Err(broken),
            }
        }
        let mut account = Account::of(sandbox, &operations, wish.hostile);
        let mut sum = Sum::default();
        let mut elsewhere = BTreeMap::new();
        for lane in self.lanes {
            sum.add(&lane, &operations, &mut account);
            elsewhere.extend(
                lane.tally
                    .elsewhere
                    .iter()
                    .map(|(id, at)| ((lane.dialect.name(), id.clone()), *at)),
            );
            lane.end().await?;
        }
        if wish.hostile {
            for store in &stores {
                account.wrong.extend(false_proofs(store, &elsewhere).await?);
            }
        }
        account.wrong.extend(
            lines.as_ref().err().map(|broken| format!("the journal's chain is broken: {broken}")),
        );
        let title = format!(
            "cardtop under fire: seed {}, {} cards at each provider, two processes at each wire, \
             one journal",
            wish.seed, wish.cards
        );
        let mut facts = vec![
            format!(
                "top-up requests at the wires: {} for {} operations",
                sum.sent, account.operations
            ),
            format!("looks under fire and after it: {}", sum.looks),
            format!("found after the network was well: {found}, in {passes} rounds"),
            format!(
                "journal: {}",
                lines.map_or_else(|_| "BROKEN".to_owned(), |lines| format!("{lines} lines, whole"))
            ),
            format!("clocks that stood still in the middle of a command: {}", sum.rests),
        ];
        if wish.hostile {
            facts.push(format!(
                "top-ups of other systems: {}; answers about another card: {}",
                elsewhere.len(),
                sum.mixed_up
            ));
        }
        let mut list = |title: &str, of: &BTreeMap<String, u64>| {
            facts.push(format!("{title} {}", of.values().sum::<u64>()));
            facts.extend(counts(of.iter().map(|(word, count)| (word.as_str(), *count))));
        };
        list("freezes and unfreezes that ended under fire:", &sum.states);
        list("refused, nothing was sent:", &sum.refused);
        list("SIGKILLs:", &sum.kills);
        list(&format!("lies in {} exchanges:", sum.exchanges), &sum.told);
        if wish.hostile {
            list("changes of lists:", &sum.lists);
        }
        let text = table(&title, &account, &facts);
        let fingerprint = fingerprint(&stores, sandbox, &text).await?;
        Ok(Report { text, fingerprint, good: account.is_good(), unknown: account.open, kept: None })
    }
}

/// What the wires counted, together.
#[derive(Default)]
struct Sum {
    sent: u64,
    exchanges: u64,
    looks: u64,
    rests: u64,
    mixed_up: u64,
    states: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    kills: BTreeMap<String, u64>,
    told: BTreeMap<String, u64>,
    lists: BTreeMap<String, u64>,
}

impl Sum {
    /// Counts a wire in, and puts what must not be on the account.
    fn add(&mut self, lane: &Lane, operations: &[Operation], account: &mut Account) {
        let name = lane.dialect.name();
        let of_wire: Vec<&Operation> =
            operations.iter().filter(|operation| operation.card.provider.name() == name).collect();
        let top_ups =
            of_wire.iter().filter(|operation| operation.action_kind == ActionKind::TopUp).count()
                as u64;
        let open = of_wire.iter().filter(|operation| operation.is_open()).count();
        let (sent, turned_away) = (lane.gate.sent, lane.tally.turned_away);
        let mut check = |broken: bool, words: String| account.wrong.extend(broken.then_some(words));
        check(
            sent > top_ups + turned_away,
            format!("{name}: {sent} top-ups were sent for {top_ups} operations"),
        );
        check(
            lane.orders.unsettled().len() != open,
            format!("{name}: {open} operations are open, and it was told otherwise"),
        );
        for operation in of_wire.iter().filter(|operation| operation.state == OperationState::Sent)
        {
            check(true, format!("{name}: {} is still SENT, and nobody sends it", operation.id));
        }
        account.wrong.extend(lane.tally.wrong.iter().cloned());
        self.sent += sent;
        self.exchanges += lane.gate.exchanges;
        self.looks += lane.tally.looks;
        self.rests += lane.tally.rests;
        self.mixed_up += lane.tally.mixed_up;
        add(&mut self.states, &lane.tally.states);
        add(&mut self.refused, &lane.tally.refused);
        add(&mut self.kills, &lane.tally.kills);
        add(&mut self.told, &lane.gate.told);
        add(&mut self.lists, &lane.tally.lists);
    }
}

fn add<W: AsRef<str>>(sum: &mut BTreeMap<String, u64>, counts: &BTreeMap<W, u64>) {
    for (word, count) in counts {
        *sum.entry(word.as_ref().to_owned()).or_default() += count;
    }
}

/// Every operation of the journals.
async fn everything(stores: &[Store]) -> anyhow::Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for store in stores {
        operations.extend(store.operations_page(None, 1_000_000).await?);
    }
    Ok(operations)
}

/// What no proof may rest on where other systems top up, too: a credit from before the intent, and
/// at a wire on which a top-up has no name, a list where the provider gave no answer.
async fn false_proofs(
    store: &Store,
    elsewhere: &BTreeMap<(&'static str, String), i64>,
) -> anyhow::Result<Vec<String>> {
    let done = || {
        let db = Connection::open(store.path())?;
        let mut query = db.prepare(
            "SELECT id, provider, credit, created_at,
                    EXISTS (SELECT 1 FROM line WHERE line.operation = operation.id AND what = \
             'answer'), detail
             FROM operation WHERE deed = 'topup' AND state = 'DONE' ORDER BY id",
        )?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        };
        query
            .query_map([], read)?
            .collect::<rusqlite::Result<Vec<(String, String, Option<String>, i64, bool, String)>>>()
    };
    let mut wrong = Vec::new();
    for (id, provider, credit, asked, answered, detail) in done()? {
        let nameless = matches!(provider.as_str(), "artha" | "banana");
        if nameless && !answered {
            wrong.push(format!("{provider} {id}: a lost answer became DONE by a list: {detail}"));
        }
        let foreign = credit.as_ref().and_then(|credit| {
            elsewhere
                .iter()
                .find(|((name, id), _)| *name == provider && id == credit)
                .map(|(_, at)| *at)
        });
        if foreign.is_some_and(|at| at < asked) {
            wrong.push(format!(
                "{provider} {id}: proven by somebody else's credit from before it was asked: \
                 {detail}"
            ));
        }
    }
    Ok(wrong)
}

/// A hash over the table, every operation with the kinds and times of all its lines, and every
/// credit in its order. Names that are drawn by lot, and the order of the wires' lines among each
/// other, are not in it.
async fn fingerprint(stores: &[Store], sandbox: &Sandbox, table: &str) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for store in stores {
        lines.extend(every_line(store).await?);
    }
    for dialect in Dialect::ALL {
        let credits = sandbox
            .card_ids(dialect)
            .into_iter()
            .map(|card| format!("{card} {:?}", sandbox.credits(dialect, &card)));
        lines.extend(credits);
    }
    lines.push(table.to_owned());
    let hash = digest::digest(&digest::SHA256, lines.join("\n").as_bytes());
    Ok(data_encoding::HEXLOWER.encode(hash.as_ref()).get(..16).unwrap_or_default().to_owned())
}

/// Every operation of a journal with the kinds and times of its lines.
async fn every_line(store: &Store) -> anyhow::Result<Vec<String>> {
    let operations = || {
        let db = Connection::open(store.path())?;
        let mut query = db.prepare(
            "SELECT provider || ' ' || reason || ' ' || card_id || ' ' || deed || ' ' || \
             ifnull(amount, '') || ' ' || state || ' ' || looks
                 || ' ' || (SELECT group_concat(line) FROM (SELECT what || ' ' || at || ' ' || \
             state AS line FROM line
                            WHERE operation = operation.id ORDER BY number))
             FROM operation ORDER BY provider, CAST(substr(reason, 8) AS INTEGER)",
        )?;
        query
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<String>>>()
    };
    Ok(operations()?)
}
