//! The course of a torture: rounds in which each wire has its turn, side by side, and steps of a common clock between them.
//!
//! Whatever happens follows from the seed: the wires share nothing but the journal, which tells them apart, and nothing that concerns
//! all of them (the clock, a start) happens while one of them is at work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use aws_lc_rs::digest;
use cardtop::clock::Clock;
use cardtop::domain::operation::{Deed, Operation, OperationState};
use cardtop::sandbox::{Dialect, Sandbox};
use cardtop::store::{Store, journal};
use futures::future::try_join_all;
use jiff::Timestamp;

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
    let grounds = Grounds { words: wish.words, folder: folder.path().to_owned(), time };
    let quota = wish.operations.div_ceil(Dialect::ALL.len() as u64);
    let mut lanes = Vec::new();
    let mut bases = BTreeMap::new();
    for dialect in Dialect::ALL {
        let orders = Orders::new(dialect, wish.seed, &sandbox, quota, wish.kill_every)?;
        let gate = Gate::open(dialect, wish.seed, &sandbox, serving.addr(dialect), orders.doors()).await.context("a port")?;
        bases.insert(dialect, gate.base()?);
        lanes.push(Lane::new(dialect, gate, orders, grounds.clone()));
    }
    let base = |dialect| bases.get(&dialect).cloned().unwrap_or_default();
    bank::configure(&sandbox, &base, &worker::config(folder.path()), PATIENCE)?;
    let mut course = Course { lanes, grounds, dice: Dice::new(wish.seed ^ 0x5EED), round: 0, quota };
    course.torture().await?;
    let (passes, found) = course.settle().await?;
    let report = course.judge(wish, &sandbox, (passes, found)).await?;
    serving.stop().await;
    let kept = (!report.good).then(|| folder.keep());
    Ok(Report { kept, ..report })
}

fn clock(time: &Arc<AtomicI64>) -> Clock {
    let time = Arc::clone(time);
    Clock::of(move || Timestamp::from_millisecond(time.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH))
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

    /// Starts who is dead, one after the other.
    async fn start(&mut self) -> anyhow::Result<()> {
        for lane in &mut self.lanes {
            lane.start(self.round).await?;
        }
        Ok(())
    }

    /// The next round begins so many milliseconds later, or as the dice have it: mostly moments, sometimes minutes, seldom hours.
    fn pass(&mut self, millis: Option<u64>) {
        let steps = [(1, 3_000), (1, 3_000), (1, 3_000), (3_000, 90_000), (3_000, 90_000), (120_000, 1_200_000)];
        let rare = (3_600_000, 14_400_000);
        let place = usize::try_from(self.dice.below(steps.len() as u64)).unwrap_or(0);
        let (least, most) = if self.dice.below(50) == 0 { rare } else { steps.get(place).copied().unwrap_or(rare) };
        let step = millis.unwrap_or(least + self.dice.below(most - least));
        self.grounds.time.fetch_add(i64::try_from(step).unwrap_or(0), Ordering::SeqCst);
        self.round += 1;
    }

    /// Asks for as many more as the journal has too few: what died early is not in it.
    async fn is_short(&mut self) -> anyhow::Result<bool> {
        let store = Store::open(&worker::data(&self.grounds.folder))?;
        let operations = everything(&store).await?;
        let mut short = false;
        for lane in &mut self.lanes {
            let of =
                |operation: &&Operation| operation.deed == Deed::TopUp && operation.card.provider.name() == lane.dialect.name();
            lane.orders.still_to_do = self.quota.saturating_sub(operations.iter().filter(of).count() as u64);
            short |= lane.orders.still_to_do > 0;
        }
        Ok(short)
    }

    /// The last life ends like the others; then the network is well again, and the two look until nothing is found any more. How many
    /// rounds that took, and how many were found.
    async fn settle(&mut self) -> anyhow::Result<(u32, usize)> {
        for lane in &mut self.lanes {
            lane.die(self.round).await?;
        }
        self.pass(Some(60_000));
        self.start().await?;
        let (mut passes, mut found, mut idle) = (0, 0, 0);
        while idle < IDLE {
            let round = self.round;
            let now: usize = try_join_all(self.lanes.iter_mut().map(|lane| lane.look_for_all(round))).await?.into_iter().sum();
            passes += 1;
            found += now;
            idle = if now == 0 { idle + 1 } else { 0 };
            self.pass(Some(20_000));
        }
        Ok((passes, found))
    }

    /// Compares, counts, and lets the processes end.
    async fn judge(self, wish: &Wish, sandbox: &Sandbox, (passes, found): (u32, usize)) -> anyhow::Result<Report> {
        let store = Store::open(&worker::data(&self.grounds.folder))?;
        let operations = everything(&store).await?;
        let verified = store.journal(|db| journal::verify(db)).await?;
        let mut account = Account::of(sandbox, &operations);
        let mut sum = Sum::default();
        for lane in self.lanes {
            sum.add(&lane, &operations, &mut account);
            lane.end().await?;
        }
        account.wrong.extend(verified.as_ref().err().map(|broken| format!("the journal's chain is broken: {broken}")));
        let title = format!(
            "cardtop under fire: seed {}, {} cards at each provider, two processes at each wire, one journal",
            wish.seed, wish.cards
        );
        let mut facts = vec![
            format!("top-up requests at the wires: {} for {} operations", sum.sent, account.operations),
            format!("looks under fire and after it: {}", sum.looks),
            format!("found after the network was well: {found}, in {passes} rounds"),
            format!("journal: {}", verified.map_or_else(|_| "BROKEN".to_owned(), |end| format!("{} lines, whole", end.lines))),
            format!("clocks that stood still in the middle of a command: {}", sum.rests),
        ];
        let mut list = |title: &str, of: &BTreeMap<String, u64>| {
            facts.push(format!("{title} {}", of.values().sum::<u64>()));
            facts.extend(counts(of.iter().map(|(word, count)| (word.as_str(), *count))));
        };
        list("freezes and unfreezes that ended under fire:", &sum.states);
        list("refused, nothing was sent:", &sum.refused);
        list("SIGKILLs:", &sum.kills);
        list(&format!("lies in {} exchanges:", sum.exchanges), &sum.told);
        let text = table(&title, &account, &facts);
        let fingerprint = fingerprint(&store, sandbox, &text).await?;
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
    states: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    kills: BTreeMap<String, u64>,
    told: BTreeMap<String, u64>,
}

impl Sum {
    /// Counts a wire in, and puts what must not be on the account.
    fn add(&mut self, lane: &Lane, operations: &[Operation], account: &mut Account) {
        let name = lane.dialect.name();
        let of_wire: Vec<&Operation> = operations.iter().filter(|operation| operation.card.provider.name() == name).collect();
        let top_ups = of_wire.iter().filter(|operation| operation.deed == Deed::TopUp).count() as u64;
        let open = of_wire.iter().filter(|operation| operation.is_open()).count();
        let (sent, turned_away) = (lane.gate.sent, lane.tally.turned_away);
        let mut check = |broken: bool, words: String| account.wrong.extend(broken.then_some(words));
        check(sent > top_ups + turned_away, format!("{name}: {sent} top-ups were sent for {top_ups} operations"));
        check(lane.orders.unsettled().len() != open, format!("{name}: {open} operations are open, and it was told otherwise"));
        for operation in of_wire.iter().filter(|operation| operation.state == OperationState::Sent) {
            check(true, format!("{name}: {} is still SENT, and nobody sends it", operation.id));
        }
        account.wrong.extend(lane.tally.wrong.iter().cloned());
        self.sent += sent;
        self.exchanges += lane.gate.exchanges;
        self.looks += lane.tally.looks;
        self.rests += lane.tally.rests;
        add(&mut self.states, &lane.tally.states);
        add(&mut self.refused, &lane.tally.refused);
        add(&mut self.kills, &lane.tally.kills);
        add(&mut self.told, &lane.gate.told);
    }
}

fn add<W: AsRef<str>>(sum: &mut BTreeMap<String, u64>, counts: &BTreeMap<W, u64>) {
    for (word, count) in counts {
        *sum.entry(word.as_ref().to_owned()).or_default() += count;
    }
}

/// Every operation of the journal.
async fn everything(store: &Store) -> anyhow::Result<Vec<Operation>> {
    Ok(store.journal(|db| journal::newest(db, 1_000_000)).await?)
}

/// A hash over the table, every operation with the kinds and times of all its lines, and every credit in its order. Names that are
/// drawn by lot, and the order of the wires' lines among each other, are not in it.
async fn fingerprint(store: &Store, sandbox: &Sandbox, table: &str) -> anyhow::Result<String> {
    let operations = store.journal(|db| {
        let mut query = db.prepare(
            "SELECT provider || ' ' || reason || ' ' || card_id || ' ' || deed || ' ' || ifnull(amount, '') || ' ' || state || ' ' || looks
                 || ' ' || (SELECT group_concat(line) FROM (SELECT what || ' ' || at || ' ' || state AS line FROM line
                            WHERE operation = operation.id ORDER BY number))
             FROM operation ORDER BY provider, CAST(substr(reason, 8) AS INTEGER)",
        )?;
        query.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<String>>>()
    });
    let mut lines = operations.await?;
    for dialect in Dialect::ALL {
        let credits = sandbox.card_ids(dialect).into_iter().map(|card| format!("{card} {:?}", sandbox.credits(dialect, &card)));
        lines.extend(credits);
    }
    lines.push(table.to_owned());
    let hash = digest::digest(&digest::SHA256, lines.join("\n").as_bytes());
    Ok(data_encoding::HEXLOWER.encode(hash.as_ref()).get(..16).unwrap_or_default().to_owned())
}
