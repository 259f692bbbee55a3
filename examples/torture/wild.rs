//! The wild torture: a bank, four lying networks, one worker with two dozen top-ups under way that
//! is killed again and again, and nothing in turn. Kills fall by the wall clock, timers are real,
//! and the common clock goes ten times as fast as the world's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use cardtop::clock::Clock;
use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, Sandbox};
use cardtop::store::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::proxy::{Dice, Proxy, Script};
use crate::torture::bank;
use crate::torture::judge::Account;
use crate::torture::process::Worker;
use crate::torture::table::{counts, table};
use crate::{Wish, wild_worker};

/// How long cardtop waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A card and how it was used.
struct Victim {
    dialect: Dialect,
    card: String,
    /// Sums are counted up, so that a credit can be told from the card's others.
    amounts: u64,
    /// An earlier top-up is in its way.
    blocked: bool,
}

/// Where everything is.
struct Place {
    config: PathBuf,
    data: PathBuf,
    began: i64,
}

impl Place {
    fn worker(&self) -> anyhow::Result<Worker> {
        Worker::start(|command| {
            command.args([
                Path::new("wild-worker"),
                Path::new("--config"),
                &self.config,
                Path::new("--data"),
                &self.data,
            ]);
            command.args(["--began", &self.began.to_string()]);
        })
    }
}

/// How much faster than the world's the bank's and cardtop's common clock goes: what takes a
/// provider seconds should not take us any.
const FASTER: i32 = 10;

/// The common clock of the driver's bank and the worker's cardtop.
pub(crate) fn fast_clock(began: i64) -> Clock {
    let real = Clock::real();
    let began = Timestamp::from_millisecond(began).unwrap_or(Timestamp::UNIX_EPOCH);
    Clock::of(move || {
        let passed: SignedDuration = real.now().duration_since(began);
        cardtop::clock::millis(began.saturating_add(passed * FASTER).unwrap_or(Timestamp::MAX))
    })
}

/// Runs it. False when something is wrong with the money.
pub(crate) async fn drive(wish: &Wish) -> anyhow::Result<bool> {
    let from = Instant::now();
    let began = Clock::real().now().as_millisecond();
    let clock = fast_clock(began);
    let sandbox = bank::open(wish.seed, wish.cards, clock)?;
    let serving = sandbox.serve(None).await.context("the sandbox")?;
    let mut proxies = BTreeMap::new();
    for dialect in Dialect::ALL {
        let script = Script::of(wish.seed, dialect, PATIENCE * 3 / 2);
        proxies.insert(
            dialect,
            Proxy::start(dialect, serving.addr(dialect), script).await.context("a proxy")?,
        );
    }
    let folder = tempfile::tempdir().context("a folder")?;
    let place = Place {
        config: folder.path().join("cardtop.toml"),
        data: folder.path().join("data"),
        began,
    };
    let base = |dialect: Dialect| proxies.get(&dialect).map(Proxy::base).unwrap_or_default();
    bank::configure(&sandbox, &base, &place.config, PATIENCE, false)?;

    let mut course = Course::new(wish, &sandbox);
    let mut worker = place.worker()?;
    hear_word(&mut worker, "ready").await?;
    loop {
        worker = course.go(worker, &place, &sandbox).await?;
        worker.tell("count").await?;
        let count = hear_word(&mut worker, "count")
            .await?
            .get(1)
            .and_then(|count| count.parse().ok())
            .unwrap_or(0);
        if count >= wish.operations {
            break;
        }
        course.still_to_do = wish.operations - count;
    }
    let tortured = from.elapsed();
    // The last life ends like the others; then the network is well again, and it may look.
    worker.kill().await?;
    course.kills += 1;
    for proxy in proxies.values() {
        proxy.be_honest(true);
        proxy.quiet().await;
    }
    let sent_before: u64 = proxies.values().map(Proxy::sent).sum();
    let mut worker = place.worker()?;
    hear_word(&mut worker, "ready").await?;
    worker.tell("settle").await?;
    let settled = hear_word(&mut worker, "settled").await?;
    worker.end().await?;
    let sent: u64 = proxies.values().map(Proxy::sent).sum();

    let store = Store::open(&place.data)?;
    let operations = wild_worker::everything(&store).await?;
    let lines = store.verify().await?;
    let mut account = Account::of(&sandbox, &operations, false);
    let mut check = |broken: bool, words: String| account.wrong.extend(broken.then_some(words));
    check(
        sent != sent_before,
        format!("{} changes were sent while looking only", sent - sent_before),
    );
    // Each operation sends at most once; a login that ran out in between may repeat one that was
    // refused unread.
    check(
        sent > operations.len() as u64,
        format!("{sent} top-up requests for {} operations", operations.len()),
    );
    if let Err(broken) = &lines {
        check(true, format!("the journal's chain is broken: {broken}"));
    }
    let told = proxies.values().flat_map(Proxy::told).fold(
        BTreeMap::<&str, u64>::new(),
        |mut sum, (word, count)| {
            *sum.entry(word).or_default() += count;
            sum
        },
    );
    let exchanges: u64 = proxies.values().map(Proxy::exchanges).sum();
    let title = format!(
        "cardtop under fire, wild: seed {}, {} cards at each provider, {} at once",
        wish.seed, wish.cards, wish.at_once
    );
    let mut facts = vec![
        format!("top-up requests at the wires: {sent} for {} operations", operations.len()),
        format!("refused before sending (card unread, or an earlier one open): {}", course.refused),
        format!(
            "found after the network was well: {}, in {} rounds",
            word(&settled, 2),
            word(&settled, 1)
        ),
        format!(
            "journal: {}",
            lines.map_or_else(|_| "BROKEN".to_owned(), |end| format!("{} lines, whole", end.lines))
        ),
        format!(
            "kills {}, exchanges {exchanges}, lies {}",
            course.kills,
            told.values().sum::<u64>()
        ),
    ];
    facts.extend(counts(told));
    print!("{}", table(&title, &account, &facts));
    let (tortured, all) = (tortured.as_secs(), from.elapsed().as_secs());
    println!("{all} s, {tortured} s of them under fire");
    serving.stop().await;
    if !account.is_good() {
        println!("the journal is kept in {}", folder.keep().display());
    }
    Ok(account.is_good())
}

/// Waits for the line that begins with this word; what else it says meanwhile is not needed.
async fn hear_word(worker: &mut Worker, word: &str) -> anyhow::Result<Vec<String>> {
    loop {
        let line = worker.apply().await?;
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        if words.first().is_some_and(|first| first == word) {
            return Ok(words);
        }
    }
}

fn word(words: &[String], place: usize) -> &str {
    words.get(place).map_or("?", String::as_str)
}

/// What the driver knows between two lives of the worker.
struct Course {
    dice: Dice,
    victims: Vec<Victim>,
    /// Numbers under way, with their victim's place.
    under_way: HashMap<u64, usize>,
    number: u64,
    still_to_do: u64,
    at_once: usize,
    kill_every: u64,
    until_kill: u64,
    kills: u64,
    refused: u64,
}

impl Course {
    fn new(wish: &Wish, sandbox: &Sandbox) -> Self {
        let victims = Dialect::ALL.iter().flat_map(|&dialect| {
            let cards = sandbox.card_ids(dialect).into_iter();
            let active =
                cards.filter(move |card| sandbox.state(dialect, card) == Some(CardState::Active));
            active.map(move |card| Victim { dialect, card, amounts: 0, blocked: false })
        });
        let victims = victims.collect();
        let mut course = Self {
            dice: Dice::new(wish.seed),
            victims,
            under_way: HashMap::new(),
            number: 0,
            still_to_do: wish.operations,
            at_once: wish.at_once.max(1),
            kill_every: wish.kill_every.max(2),
            until_kill: 0,
            kills: 0,
            refused: 0,
        };
        course.until_kill = course.next_kill();
        course
    }

    /// As many as wanted on average, between half and one and a half of it.
    const fn next_kill(&mut self) -> u64 {
        self.kill_every / 2 + self.dice.below(self.kill_every)
    }

    /// Tops up until enough have ended, killing and restarting the worker on the way.
    async fn go(
        &mut self,
        mut worker: Worker,
        place: &Place,
        sandbox: &Sandbox,
    ) -> anyhow::Result<Worker> {
        let mut kill_at: Option<Instant> = None;
        while self.still_to_do > 0 || !self.under_way.is_empty() {
            while kill_at.is_none() && self.still_to_do > 0 && self.under_way.len() < self.at_once {
                let line = self.next(sandbox)?;
                worker.tell(&line).await?;
                self.still_to_do -= 1;
                self.until_kill = self.until_kill.saturating_sub(1);
                if self.until_kill == 0 {
                    // At any point of what is under way, from its first read to its last look.
                    kill_at = Some(Instant::now() + Duration::from_millis(self.dice.below(400)));
                }
            }
            let death = async {
                match kill_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                line = worker.apply() => self.heard(&line?)?,
                () = death => {
                    worker.kill().await?;
                    self.kills += 1;
                    self.under_way.clear();
                    self.until_kill = self.next_kill().max(1);
                    kill_at = None;
                    worker = place.worker()?;
                    hear_word(&mut worker, "ready").await?;
                }
            }
        }
        Ok(worker)
    }

    /// A card that nothing is in the way of, or one where something is, with the phrase that
    /// overrules it.
    fn next(&mut self, sandbox: &Sandbox) -> anyhow::Result<String> {
        let busy: BTreeSet<usize> = self.under_way.values().copied().collect();
        let (place, second) = loop {
            let place = usize::try_from(self.dice.below(self.victims.len() as u64))?;
            let Some(victim) = self.victims.get(place) else {
                bail!("there is no card that can be topped up")
            };
            match (busy.contains(&place), victim.blocked) {
                (true, _) => {}
                (false, false) => break (place, false),
                (false, true) if self.dice.below(4) == 0 => break (place, true),
                (false, true) => {}
            }
        };
        let equal = self.dice.below(6) == 0;
        let victim = self.victims.get_mut(place).ok_or_else(|| anyhow!("no such card"))?;
        victim.amounts += 1;
        // Whole units, or hundreds where there are no decimals: a fee of one in a hundred is exact.
        let count = if equal { 5 } else { 10 + victim.amounts };
        let currency = sandbox
            .available(victim.dialect, &victim.card)
            .ok_or_else(|| anyhow!("no such card"))?
            .currency();
        let each = if currency.decimals() == Some(0) { 100 } else { 1 };
        self.number += 1;
        self.under_way.insert(self.number, place);
        let (name, card, second) = (victim.dialect.name(), &victim.card, u8::from(second));
        Ok(format!(
            "topup {} {name} {card} {} {} {second}",
            self.number,
            count * each,
            currency.code()
        ))
    }

    fn heard(&mut self, line: &str) -> anyhow::Result<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let (Some(what), Some(number)) =
            (words.first(), words.get(1).and_then(|number| number.parse().ok()))
        else {
            bail!("the worker said: {line}");
        };
        let Some(victim) =
            self.under_way.remove(&number).and_then(|place| self.victims.get_mut(place))
        else {
            return Ok(());
        };
        match *what {
            "end" => {
                victim.blocked =
                    words.get(2).is_some_and(|state| !matches!(*state, "DONE" | "FAILED"))
            }
            "refused" => {
                victim.blocked = line.contains("is still");
                self.refused += 1;
                self.still_to_do += 1;
                // It was none, for the next kill, either.
                self.until_kill += 1;
            }
            _ => bail!("the worker said: {line}"),
        }
        Ok(())
    }
}
