//! The one that tortures: a bank, four lying networks, a worker that is killed again and again, and the comparison at the end.
//!
//! The truth is the bank's own list of credits; the journal is compared with it, card by card and sum by sum.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use cardtop::clock::Clock;
use cardtop::domain::card::CardKey;
use cardtop::domain::money::Money;
use cardtop::domain::operation::{Operation, OperationState};
use cardtop::sandbox::world::CardState;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use cardtop::store::{Store, journal};
use rust_decimal::Decimal;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use crate::proxy::{Dice, Proxy, Script};
use crate::{PATIENCE, Wish, fast_clock, worker};

/// A worker that says nothing for so long has hung.
const SILENCE: Duration = Duration::from_secs(60);

/// A card and how it was used.
struct Victim {
    dialect: Dialect,
    card: String,
    /// Sums are counted up, so that a credit can be told from the card's others.
    amounts: u64,
    /// An earlier top-up is in its way.
    blocked: bool,
}

struct Worker {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// Where everything is.
struct Place {
    config: PathBuf,
    data: PathBuf,
    began: i64,
}

impl Worker {
    fn start(place: &Place) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program's own file")?;
        let mut child = Command::new(program)
            .arg("worker")
            .args([Path::new("--config"), &place.config, Path::new("--data"), &place.data])
            .args(["--began", &place.began.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the worker")?;
        let input = child.stdin.take().ok_or_else(|| anyhow!("the worker has no input"))?;
        let output = child.stdout.take().ok_or_else(|| anyhow!("the worker has no output"))?;
        Ok(Self { child, input, output: BufReader::new(output).lines() })
    }

    async fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        self.input.write_all(format!("{line}\n").as_bytes()).await.context("the worker does not listen")
    }

    async fn hear(&mut self) -> anyhow::Result<String> {
        let line = tokio::time::timeout(SILENCE, self.output.next_line()).await.context("the worker is silent")??;
        line.ok_or_else(|| anyhow!("the worker died by itself"))
    }

    /// Waits for the line that begins with this word; what else it says meanwhile is not needed.
    async fn hear_word(&mut self, word: &str) -> anyhow::Result<Vec<String>> {
        loop {
            let line = self.hear().await?;
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            if words.first().is_some_and(|first| first == word) {
                return Ok(words);
            }
        }
    }

    /// SIGKILL, and waits until the system has forgotten the process.
    async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing the worker")
    }
}

/// What came of it.
#[derive(Default)]
struct Account {
    operations: usize,
    states: BTreeMap<(Dialect, &'static str), usize>,
    credits: BTreeMap<Dialect, usize>,
    /// Credits beyond one for each operation that can have one, those of FAILED operations included.
    doubles: Vec<String>,
    /// Credits that no operation of the journal asked for.
    lost: Vec<String>,
    /// Operations that are DONE without a credit.
    untrue: Vec<String>,
    /// Operations that happened, could have been found, and were not.
    unfound: Vec<String>,
    /// Those that nobody can tell, by provider and why.
    unknown: BTreeMap<(Dialect, String), usize>,
    /// Of those, the ones whose money did arrive.
    unknown_paid: usize,
}

/// Runs it. False when something is wrong with the money.
pub(crate) async fn drive(wish: &Wish) -> anyhow::Result<bool> {
    let from = Instant::now();
    let began = Clock::real().now().as_millisecond();
    let clock = fast_clock(began);
    let options = Options { seed: wish.seed, cards: wish.cards, transactions: 0, busy: false, ..Options::default() };
    let sandbox = Sandbox::new(options, clock.clone());
    for dialect in Dialect::ALL {
        for currency in ["USD", "EUR", "JPY", "KWD", "INR"] {
            if sandbox.float(dialect, currency).is_some() {
                let currency = currency.parse().map_err(|_| anyhow!("no currency"))?;
                sandbox.set_float(dialect, Money::new(Decimal::from(1_000_000_000_000_u64), currency));
            }
        }
    }
    let serving = sandbox.serve(None).await.context("the sandbox")?;
    let mut proxies = BTreeMap::new();
    for dialect in Dialect::ALL {
        let script = Script::of(wish.seed, dialect, PATIENCE * 3 / 2);
        proxies.insert(dialect, Proxy::start(dialect, serving.addr(dialect), script).await.context("a proxy")?);
    }
    let folder = tempfile::tempdir().context("a folder")?;
    let place = Place { config: folder.path().join("cardtop.toml"), data: folder.path().join("data"), began };
    let base = |dialect: Dialect| proxies.get(&dialect).map(Proxy::base).unwrap_or_default();
    sandbox.write_config(&base, &place.config).context("the configuration")?;
    let text = std::fs::read_to_string(&place.config)?;
    let patience = format!("timeout = \"{}ms\"\nrate_limit = ", PATIENCE.as_millis());
    std::fs::write(&place.config, text.replace("rate_limit = ", &patience))?;

    let mut course = Course::new(wish, &sandbox);
    let mut worker = Worker::start(&place)?;
    worker.hear_word("ready").await?;
    loop {
        worker = course.go(worker, &place, &sandbox).await?;
        worker.tell("count").await?;
        let count = worker.hear_word("count").await?.get(1).and_then(|count| count.parse().ok()).unwrap_or(0);
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
    let mut worker = Worker::start(&place)?;
    worker.hear_word("ready").await?;
    worker.tell("settle").await?;
    let settled = worker.hear_word("settled").await?;
    drop(worker.input);
    worker.child.wait().await?;
    let sent: u64 = proxies.values().map(Proxy::sent).sum();

    let store = Store::open(&place.data)?;
    let operations = worker::everything(&store).await?;
    let lines = store.journal(|db| journal::verify(db)).await?;
    let account = compare(&sandbox, &operations);
    let mut wrong: Vec<String> = Vec::new();
    let mut check = |broken: bool, words: String| {
        if broken {
            wrong.push(words);
        }
    };
    check(sent != sent_before, format!("{} changes were sent while looking only", sent - sent_before));
    // Each operation sends at most once; a login that ran out in between may repeat one that was refused unread.
    check(sent > operations.len() as u64, format!("{sent} top-up requests for {} operations", operations.len()));
    check(account.operations as u64 != operations.len() as u64, "operations were not all compared".to_owned());
    if let Err(broken) = &lines {
        check(true, format!("the journal's chain is broken: {broken}"));
    }
    for dialect in Dialect::ALL {
        for wrong in sandbox.discrepancies(dialect) {
            check(true, format!("{}'s own books: {wrong}", dialect.name()));
        }
    }
    let told = proxies.values().flat_map(Proxy::told).fold(BTreeMap::<&str, u64>::new(), |mut sum, (word, count)| {
        *sum.entry(word).or_default() += count;
        sum
    });
    let exchanges: u64 = proxies.values().map(Proxy::exchanges).sum();

    println!("\ncardtop under fire: seed {}, {} cards at each provider, {} at once", wish.seed, wish.cards, wish.at_once);
    println!("{:<10}{:>11}{:>9}{:>9}{:>9}{:>9}", "", "operations", "DONE", "FAILED", "UNKNOWN", "credits");
    let count = |dialect: Dialect, words: &[&str]| -> usize {
        let of = account.states.iter().filter(|((of, word), _)| *of == dialect && (words.is_empty() || words.contains(word)));
        of.map(|(_, count)| count).sum()
    };
    let open = ["SENT", "ACCEPTED", "UNKNOWN"];
    let mut sums = [0; 5];
    for dialect in Dialect::ALL {
        let credits = account.credits.get(&dialect).copied().unwrap_or(0);
        let row = [count(dialect, &[]), count(dialect, &["DONE"]), count(dialect, &["FAILED"]), count(dialect, &open), credits];
        let [all, done, failed, unknown, credits] = row;
        println!("{:<10}{all:>11}{done:>9}{failed:>9}{unknown:>9}{credits:>9}", dialect.name());
        for (sum, one) in sums.iter_mut().zip(row) {
            *sum += one;
        }
    }
    let [all, done, failed, unknown, credits] = sums;
    println!("{:<10}{all:>11}{done:>9}{failed:>9}{unknown:>9}{credits:>9}", "all");
    println!();
    println!("doubles {}, lost {}, DONE without a credit {}", account.doubles.len(), account.lost.len(), account.untrue.len());
    println!("happened and findable, but not found: {}", account.unfound.len());
    println!("UNKNOWN whose money did arrive (equal sums that cannot be told apart): {}", account.unknown_paid);
    println!("top-up requests at the wires: {sent} for {} operations", operations.len());
    println!("refused before sending (card unread, or an earlier one open): {}", course.refused);
    println!("kills {}, exchanges {exchanges}, lies {}", course.kills, told.values().sum::<u64>());
    for (word, count) in &told {
        println!("  {count:>7}  {word}");
    }
    println!("found after the network was well: {}, in {} rounds", word(&settled, 2), word(&settled, 1));
    println!("journal: {} lines, {}", lines.as_ref().map_or(0, |lines| *lines), lines.as_ref().map_or("BROKEN", |_| "whole"));
    println!("UNKNOWN that remain, and why:");
    for ((dialect, why), count) in &account.unknown {
        println!("  {count:>7}  {}: {why}", dialect.name());
    }
    let (tortured, all) = (tortured.as_secs(), from.elapsed().as_secs());
    println!("{all} s, {tortured} s of them under fire; repeat with --operations {} --seed {}", wish.operations, wish.seed);
    for (kind, found) in [
        ("DOUBLE", &account.doubles),
        ("LOST", &account.lost),
        ("UNTRUE", &account.untrue),
        ("UNFOUND", &account.unfound),
        ("WRONG", &wrong),
    ] {
        for each in found {
            println!("{kind}: {each}");
        }
    }
    serving.stop().await;
    let good = [&account.doubles, &account.lost, &account.untrue, &account.unfound, &wrong].iter().all(|found| found.is_empty());
    println!("{}", if good { "every DONE was paid once, no FAILED was paid" } else { "SOMETHING IS WRONG WITH THE MONEY" });
    if !good {
        println!("the journal is kept in {}", folder.keep().display());
    }
    Ok(good)
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
            let active = cards.filter(move |card| sandbox.state(dialect, card) == Some(CardState::Active));
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
    async fn go(&mut self, mut worker: Worker, place: &Place, sandbox: &Sandbox) -> anyhow::Result<Worker> {
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
                line = worker.hear() => self.heard(&line?)?,
                () = death => {
                    worker.kill().await?;
                    self.kills += 1;
                    self.under_way.clear();
                    self.until_kill = self.next_kill().max(1);
                    kill_at = None;
                    worker = Worker::start(place)?;
                    worker.hear_word("ready").await?;
                }
            }
        }
        Ok(worker)
    }

    /// A card that nothing is in the way of, or one where something is, with the phrase that overrules it.
    fn next(&mut self, sandbox: &Sandbox) -> anyhow::Result<String> {
        let busy: BTreeSet<usize> = self.under_way.values().copied().collect();
        let (place, second) = loop {
            let place = usize::try_from(self.dice.below(self.victims.len() as u64))?;
            let Some(victim) = self.victims.get(place) else { bail!("there is no card that can be topped up") };
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
        let currency = sandbox.available(victim.dialect, &victim.card).ok_or_else(|| anyhow!("no such card"))?.currency();
        let each = if currency.decimals() == Some(0) { 100 } else { 1 };
        self.number += 1;
        self.under_way.insert(self.number, place);
        let (name, card, second) = (victim.dialect.name(), &victim.card, u8::from(second));
        Ok(format!("topup {} {name} {card} {} {} {second}", self.number, count * each, currency.code()))
    }

    fn heard(&mut self, line: &str) -> anyhow::Result<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let (Some(what), Some(number)) = (words.first(), words.get(1).and_then(|number| number.parse().ok())) else {
            bail!("the worker said: {line}");
        };
        let Some(victim) = self.under_way.remove(&number).and_then(|place| self.victims.get_mut(place)) else { return Ok(()) };
        match *what {
            "end" => victim.blocked = words.get(2).is_some_and(|state| !matches!(*state, "DONE" | "FAILED")),
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

/// What a card receives of a top-up: artha keeps one in a hundred.
fn received(dialect: Dialect, amount: Money) -> Decimal {
    match dialect {
        Dialect::Artha => amount.amount() - amount.amount() / Decimal::ONE_HUNDRED,
        Dialect::Banana | Dialect::Enkash | Dialect::Ibanera => amount.amount(),
    }
}

fn compare(sandbox: &Sandbox, operations: &[Operation]) -> Account {
    let mut account = Account::default();
    let mut asked: HashMap<&CardKey, Vec<&Operation>> = HashMap::new();
    for operation in operations {
        asked.entry(&operation.card).or_default().push(operation);
    }
    for dialect in Dialect::ALL {
        for card in sandbox.card_ids(dialect) {
            let key = CardKey::new(&cardtop::domain::card::ProviderId::new(dialect.name()), &card);
            let mut books: BTreeMap<Decimal, (usize, Vec<&Operation>)> = BTreeMap::new();
            for credit in sandbox.credits(dialect, &card) {
                books.entry(credit.normalize()).or_default().0 += 1;
            }
            for operation in asked.get(&key).into_iter().flatten() {
                let sum = operation.amount.map(|amount| received(dialect, amount).normalize()).unwrap_or_default();
                books.entry(sum).or_default().1.push(operation);
            }
            for (sum, (credits, asked)) in books {
                account.book(dialect, &card, sum, credits, &asked);
            }
        }
    }
    account
}

impl Account {
    /// Compares what a card received of one sum with who asked for it.
    fn book(&mut self, dialect: Dialect, card: &str, sum: Decimal, credits: usize, asked: &[&Operation]) {
        let of = |state| asked.iter().filter(|operation| operation.state == state).count();
        let (done, failed) = (of(OperationState::Done), of(OperationState::Failed));
        let open = asked.len() - done - failed;
        let each: Vec<String> = asked.iter().map(|operation| format!("{} {}", operation.id, operation.state.word())).collect();
        let said = format!("{} card {card}, {sum}: {credits} credits for [{}]", dialect.name(), each.join(", "));
        self.operations += asked.len();
        *self.credits.entry(dialect).or_default() += credits;
        for operation in asked {
            *self.states.entry((dialect, operation.state.word())).or_default() += 1;
            if operation.is_open() {
                *self.unknown.entry((dialect, reason(operation))).or_default() += 1;
            }
        }
        let by_reference = matches!(dialect, Dialect::Enkash | Dialect::Ibanera);
        if asked.is_empty() {
            self.lost.push(said);
        } else if credits > done + open {
            self.doubles.push(said);
        } else if done > credits {
            self.untrue.push(said);
        } else if credits > done && (by_reference || asked.len() == 1) {
            self.unfound.push(said);
        } else {
            self.unknown_paid += credits - done;
        }
    }
}

/// Why nobody can tell, without what differs from one operation to the next.
fn reason(operation: &Operation) -> String {
    let detail = operation.detail.as_deref().unwrap_or("no word");
    let plain = |word: &str| !word.chars().any(|c| c.is_ascii_digit()) && word != operation.card.provider.name();
    let words: Vec<&str> = detail.split(' ').map(|word| if plain(word) { word } else { "…" }).collect();
    format!("{}: {}", operation.state.word(), words.join(" "))
}
