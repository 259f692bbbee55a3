//! Money under fire: seeded scripts of lost, late, cut and refused exchanges and of crashes, on all
//! four wires.
//!
//! In every third script another system tops up the same cards with the same sums, the provider's
//! clock is wrong by minutes, and its pages are cut. What is checked is the sandbox's own truth:
//! every DONE has its credit, no FAILED has one, nothing is sent twice, nothing that reached
//! a provider is missing from the journal. A failure prints its seed; `CARDTOP_SEED=… cargo test
//! --test it faults` repeats it.

mod net;
mod proof;
mod stories;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::operation::{Operation, OperationState};
use cardtop::engine::{Engine, Refused};
use cardtop::provider::{Config, ibanera};
use cardtop::sandbox::{Dialect, Sandbox};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use self::net::{
    Hours, Net, active, configured, engine, folder, key, lock, order, received, small, units,
};
use crate::harness::{change_settings, start};
use crate::proxy::{Dice, Lie, Script};

/// Scripts for each wire.
const SCRIPTS: u64 = 52;

/// Top-ups of a script.
const STEPS: u64 = 6;

/// What a script came to.
#[derive(Default)]
struct Tally {
    done: usize,
    failed: usize,
    unknown: usize,
    refused: usize,
    credits: usize,
    lives: usize,
    told: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.refused += other.refused;
        self.credits += other.credits;
        self.lives += other.lives;
        for (word, count) in other.told {
            *self.told.entry(word).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, failed, unknown, refused, credits, lives, told } = self;
        write!(
            f,
            "{done} DONE, {failed} FAILED, {unknown} UNKNOWN, {refused} refused, {credits} \
             credits, {lives} lives; {told:?}"
        )
    }
}

/// Compares the journal with what the cards received.
///
/// Where other systems top up, too, what a list alone would show stays in doubt.
fn judge(
    sandbox: &Sandbox,
    dialect: Dialect,
    cards: &[String],
    operations: &[Operation],
    others: bool,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for card in cards {
        let mut books: BTreeMap<Decimal, (usize, Vec<&Operation>)> = BTreeMap::new();
        for credit in sandbox.credits(dialect, card) {
            books.entry(credit.normalize()).or_default().0 += 1;
        }
        for operation in operations.iter().filter(|operation| *operation.card.id == **card) {
            let amount = operation.amount.expect("a top-up has an amount");
            books.entry(received(dialect, amount).normalize()).or_default().1.push(operation);
        }
        for (sum, (credits, asked)) in books {
            let count = |state| asked.iter().filter(|operation| operation.state == state).count();
            let (done, failed) = (count(OperationState::Done), count(OperationState::Failed));
            let open = asked.len() - done - failed;
            let said = || {
                let each = asked.iter().map(|operation| {
                    format!(
                        "{} {} ({})",
                        operation.id,
                        operation.state.as_str(),
                        operation.detail.as_deref().unwrap_or("-")
                    )
                });
                format!(
                    "card {card}, {sum}: {credits} credits for {}",
                    each.collect::<Vec<_>>().join(", ")
                )
            };
            if asked.is_empty() {
                return Err(format!("LOST from the journal: {}", said()));
            }
            if done > credits {
                return Err(format!("DONE without a credit: {}", said()));
            }
            if credits > done + open {
                return Err(format!("a FAILED one was credited, or one twice: {}", said()));
            }
            let by_reference = matches!(dialect, Dialect::Enkash | Dialect::Ibanera);
            if credits > done && (by_reference || asked.len() == 1 && !others) {
                return Err(format!("it happened and can be found, but was not: {}", said()));
            }
            tally.done += done;
            tally.failed += failed;
            tally.unknown += open;
            tally.credits += credits;
        }
    }
    match sandbox.discrepancies(dialect) {
        wrong if wrong.is_empty() => Ok(tally),
        wrong => Err(format!("the sandbox's own books are wrong: {wrong:?}")),
    }
}

/// ibanera's customers pay for their own top-ups, and have enough for all of a script.
fn customers_pay(config: &mut Config, sandbox: &Sandbox) {
    for provider in &mut config.providers {
        change_settings(provider, |ibanera: &mut ibanera::settings::Settings| {
            ibanera.pays = Some(ibanera::settings::Pays::Customer);
        });
    }
    for card in sandbox.card_ids(Dialect::Ibanera) {
        for (account, _) in sandbox.customer_accounts(Dialect::Ibanera, &card) {
            assert!(sandbox.set_customer_account(Dialect::Ibanera, &account, 1_000_000.into()));
        }
    }
}

/// A script while it runs; what is in it outlives the program's crashes.
struct Course {
    dialect: Dialect,
    folder: tempfile::TempDir,
    config: Config,
    sandbox: Sandbox,
    clock: Clock,
    hours: Hours,
    net: Arc<Net>,
    cards: Vec<String>,
    dice: Dice,
    step: u64,
    amounts: u64,
    refused: usize,
    /// Another system tops up the same cards with the same sums.
    others: bool,
}

impl Course {
    fn new(seed: u64, dialect: Dialect) -> Self {
        let hours = Hours::new();
        let clock = hours.clock();
        let sandbox = Sandbox::new(small(seed), clock.clone());
        let folder = folder();
        let mut config =
            configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
        if seed.is_multiple_of(2) {
            customers_pay(&mut config, &sandbox);
        }
        let mut dice = Dice::new(seed ^ 0xC0FF_EE00);
        let others = seed.is_multiple_of(3);
        if others {
            for provider in &mut config.providers {
                provider.others_top_up = true;
            }
            let seconds = i64::try_from(dice.below(600)).unwrap_or(0) - 300;
            sandbox.set_clock_offset(dialect, SignedDuration::from_secs(seconds));
            sandbox.cap_pages(dialect, Some(3));
        }
        // Some arrive after cardtop has stopped waiting, some after it has looked for them several
        // times.
        let net = Net::new(&sandbox, &clock, Script::of(seed, dialect, Duration::from_secs(60)));
        net.crashes.store(true, Ordering::SeqCst);
        let cards = active(&sandbox, dialect).into_iter().take(2).collect();
        Self {
            dialect,
            folder,
            config,
            sandbox,
            clock,
            hours,
            net,
            cards,
            dice,
            step: 0,
            amounts: 0,
            refused: 0,
            others,
        }
    }

    /// One life of the program. `None` when it crashed, else the journal at the end.
    async fn live(&mut self) -> Result<Option<Vec<Operation>>, String> {
        let net = Arc::clone(&self.net);
        tokio::select! {
            biased;
            () = net.crashed.notified() => Ok(None),
            ended = self.work() => ended.map(Some),
        }
    }

    async fn work(&mut self) -> Result<Vec<Operation>, String> {
        let before = self.net.sent();
        let engine = engine(&self.config, &self.clock, self.folder.path(), &self.net).await;
        let words = |error: String| error;
        for operation in
            engine.operations().await.map_err(words)?.into_iter().filter(Operation::is_open)
        {
            if operation.state == OperationState::Sent {
                return Err(format!("{} is still SENT after a crash", operation.id));
            }
            let _looked = engine.check(operation.id).await;
        }
        self.nothing_more_than(before, 0, "looking after a start")?;
        while self.step < STEPS {
            self.step += 1;
            self.elsewhere();
            self.top_up(&engine).await?;
            self.elsewhere();
            let before = self.net.sent();
            for operation in
                engine.operations().await.map_err(words)?.into_iter().filter(Operation::is_open)
            {
                if self.dice.below(3) == 0 {
                    let _looked = engine.check(operation.id).await;
                }
            }
            self.nothing_more_than(before, 0, "looking")?;
            tokio::time::sleep(Duration::from_secs(self.dice.below(90))).await;
        }
        self.settle(&engine).await
    }

    async fn top_up(&mut self, engine: &Engine) -> Result<(), String> {
        let card =
            usize::try_from(self.dice.below(self.cards.len() as u64)).expect("a small number");
        let card = self.cards.get(card).cloned().expect("one of the cards");
        // Mostly a sum of its own, by which its credit can be told from all others; sometimes the
        // same again.
        self.amounts += 1;
        let count = if self.dice.below(4) == 0 { 7 } else { 20 + self.amounts };
        let amount = units(&self.sandbox, self.dialect, &card, count);
        let wait = Duration::from_secs(
            *[0, 5, 40].get(usize::try_from(self.dice.below(3)).unwrap_or(0)).unwrap_or(&0),
        );
        let card = key(self.dialect, &card);
        let second = self.dice.below(3) == 0;
        // The script's own lies rarely refuse a change, and some scripts must end in FAILED.
        let refusal = (self.dice.below(8) == 0).then_some(Some(Lie::Refuse429));
        *lock(&self.net.planned) = refusal.into_iter().collect();
        let before = self.net.sent();
        if self.dice.below(4) == 0 {
            let one = order(engine, &card, amount, second);
            let other = order(engine, &card, amount, true);
            let (one, other) = tokio::join!(engine.change(one, wait), engine.change(other, wait));
            let went = u64::from(one.is_ok()) + u64::from(other.is_ok());
            self.refused += usize::from(one.is_err()) + usize::from(other.is_err());
            return self.nothing_more_than(before, went, "two top-ups at once");
        }
        // An operator whose card could not be read tries again.
        for _ in 0..4 {
            match engine.change(order(engine, &card, amount, second), wait).await {
                Ok(_) => return self.nothing_more_than(before, 1, "a top-up"),
                Err(refused) => {
                    self.refused += 1;
                    self.nothing_more_than(
                        before,
                        0,
                        "a top-up that was refused before it was sent",
                    )?;
                    if !matches!(refused, Refused::Unread(_)) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Another system may top up a card with a sum that is asked here, sooner or later.
    fn elsewhere(&mut self) {
        if !self.others || self.dice.below(2) == 0 {
            return;
        }
        let card =
            usize::try_from(self.dice.below(self.cards.len() as u64)).expect("a small number");
        let card = self.cards.get(card).cloned().expect("one of the cards");
        let count =
            if self.dice.below(3) == 0 { 7 } else { 20 + self.amounts + self.dice.below(2) };
        let sum = units(&self.sandbox, self.dialect, &card, count).amount();
        self.sandbox.add_foreign_credit(self.dialect, &card, sum).expect("a card that takes money");
    }

    fn nothing_more_than(&self, before: u64, most: u64, when: &str) -> Result<(), String> {
        let sent = self.net.sent() - before;
        if sent > most {
            Err(format!("{when}: {sent} changes were sent, at most {most} may be"))
        } else {
            Ok(())
        }
    }

    /// The network is well again: whatever can be found is found.
    async fn settle(&mut self, engine: &Engine) -> Result<Vec<Operation>, String> {
        self.net.honest.store(true, Ordering::SeqCst);
        tokio::time::sleep(self.net.script.longest).await;
        self.net.arrivals().await;
        let before = self.net.sent();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(10)).await;
            for operation in engine.operations().await?.into_iter().filter(Operation::is_open) {
                engine.check(operation.id).await.map_err(|refused| refused.to_string())?;
            }
        }
        self.nothing_more_than(before, 0, "looking at the end")?;
        engine.verify().await?;
        let operations = engine.operations().await?;
        for operation in &operations {
            let steps = engine.steps(operation.id).await?;
            if steps.first().is_none_or(|step| step.kind.as_str() != "intent") {
                return Err(format!("{} does not begin with its intent", operation.id));
            }
        }
        Ok(operations)
    }
}

/// Says which seed it was when a test dies.
struct Blame(Dialect, u64);

#[expect(clippy::print_stderr, reason = "whoever reads the failure has to know what to repeat")]
impl Drop for Blame {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: repeat with CARDTOP_SEED={}", self.0.name(), self.1);
        }
    }
}

fn run(seed: u64, dialect: Dialect) -> Tally {
    let blame = Blame(dialect, seed);
    let life = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .max_blocking_threads(1)
            .build()
            .expect("a runtime")
    };
    let mut course = life().block_on(async { Course::new(seed, dialect) });
    let mut lives = 0;
    let mut now = start();
    let mut tally = loop {
        lives += 1;
        assert!(lives < 500, "it crashes for ever");
        let runtime = life();
        let ended = runtime.block_on(async {
            course.hours.begin(now);
            let ended = course.live().await.unwrap_or_else(|why| panic!("{why}"));
            now = course.clock.now();
            ended.map(|operations| {
                judge(&course.sandbox, dialect, &course.cards, &operations, course.others)
                    .unwrap_or_else(|why| panic!("{why}"))
            })
        });
        // Everything that was under way ends here, as when the power fails.
        drop(runtime);
        match ended {
            Some(tally) => break tally,
            None => {
                let away =
                    SignedDuration::from_secs(i64::try_from(course.dice.below(300)).unwrap_or(0));
                now = now.saturating_add(away).expect("a time of the test");
            }
        }
    };
    tally.refused = course.refused;
    tally.lives = lives;
    tally.told = lock(&course.net.told).clone();
    drop(blame);
    tally
}

/// The seed that somebody wants repeated.
fn wanted_seed() -> Option<u64> {
    std::env::var_os("CARDTOP_SEED")?.to_str()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "shown with --nocapture: what the scripts came to")]
fn torment(dialect: Dialect) {
    let mut tally = Tally::default();
    match wanted_seed() {
        Some(seed) => tally.add(run(seed, dialect)),
        None => {
            for seed in 1..=SCRIPTS {
                tally.add(run(seed, dialect));
            }
            // It must have been a torment.
            let kinds = Lie::all(Duration::ZERO).len() + 1;
            assert_eq!(tally.told.len(), kinds, "some faults were never met: {tally}");
            assert!(
                tally.done > 50 && tally.failed > 10 && tally.unknown > 2 && tally.lives > 100,
                "{tally}"
            );
        }
    }
    println!("{}: {tally}", dialect.name());
}

#[test]
fn artha_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Artha);
}

#[test]
fn banana_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Banana);
}

#[test]
fn enkash_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Enkash);
}

#[test]
fn ibanera_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Ibanera);
}
