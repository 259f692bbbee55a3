//! The one that the wild driver kills: a cardtop without a screen that tops up what its input says
//! and looks for what it does not know.
//!
//! It answers a line for each. It must not keep anything but its data folder: whatever it knew dies
//! with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{Action, OnConflict, Operation, OperationId};
use cardtop::engine::{ChangeRequest, Engine, Expected, Purpose, Setup};
use cardtop::provider::Config;
use cardtop::store::Store;
use tokio::sync::{Semaphore, mpsc};

use crate::WorkerArgs;
use crate::wild::fast_clock;

/// An operation is looked for so often while the torture goes on; the rest waits for the end.
const LOOKS: u32 = 6;

/// Works until its input ends.
pub(crate) async fn work(args: &WorkerArgs) -> anyhow::Result<()> {
    let config = Config::load(Some(&args.config)).context("the configuration")?;
    let setup = Setup {
        config,
        data: args.data.clone(),
        notes: None,
        read_only: false,
        only: None,
        operator: "torture".into(),
        clock: fast_clock(args.began),
        purpose: Purpose::Cards,
        transport: None,
    };
    // Nobody listens to the news.
    let engine = Engine::open(setup).await.map_err(|error| anyhow!(error))?.0;
    let store = Store::open(&args.data)?;
    println!("ready {}", unsettled(&store).await?.len());
    let following = tokio::spawn(follow(engine.clone(), store.clone()));
    let (read, mut lines) = mpsc::channel(64);
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if read.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["topup", number, provider, card, amount, currency, second] => {
                let currency = currency.parse().map_err(|_| anyhow!("{line}: no currency"))?;
                let amount = Money::parse_input(amount, currency)
                    .map_err(|error| anyhow!("{line}: {error}"))?;
                let order = ChangeRequest {
                    id: engine.new_operation_id(),
                    card: CardKey::new(&ProviderId::new(provider), card),
                    action: Action::TopUp(amount),
                    reason: Some(format!("number {number}").into()),
                    shown: Expected::default(),
                    on_conflict: if *second == "1" {
                        OnConflict::Override
                    } else {
                        OnConflict::Refuse
                    },
                    recent_credit: None,
                    payer: None,
                };
                let (engine, number) = (engine.clone(), (*number).to_owned());
                tokio::spawn(async move {
                    match top_up(&engine, order).await {
                        Ok(operation) => println!("end {number} {}", operation.state.as_str()),
                        Err(why) => println!("refused {number} {}", why.replace('\n', " ")),
                    }
                });
            }
            ["count"] => println!("count {}", everything(&store).await?.len()),
            ["settle"] => {
                following.abort();
                let (rounds, found) = settle(&engine, &store).await?;
                println!("settled {rounds} {found}");
            }
            _ => return Err(anyhow!("not understood: {line}")),
        }
    }
    Ok(())
}

async fn top_up(engine: &Engine, order: ChangeRequest) -> Result<Operation, String> {
    let mut operation =
        engine.change(order, Duration::ZERO).await.map_err(|refused| refused.to_string())?;
    for wait in [200, 300, 500] {
        if !operation.is_open() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        operation = engine.check(operation.id).await.unwrap_or(operation);
    }
    Ok(operation)
}

async fn unsettled(store: &Store) -> anyhow::Result<Vec<Operation>> {
    Ok(store.followed_operations().await?)
}

/// Every operation of the journal.
pub(crate) async fn everything(store: &Store) -> anyhow::Result<Vec<Operation>> {
    Ok(store.operations_page(None, 1_000_000).await?)
}

/// Looks for what earlier lives left, as the board does by itself.
async fn follow(engine: Engine, store: Store) {
    loop {
        tokio::time::sleep(Duration::from_millis(700)).await;
        for operation in unsettled(&store).await.unwrap_or_default() {
            if operation.looks < LOOKS {
                let _looked = engine.check(operation.id).await;
            }
        }
    }
}

/// Looks for everything until nothing is found any more: how many rounds, and how many were found.
async fn settle(engine: &Engine, store: &Store) -> anyhow::Result<(u32, usize)> {
    let (mut rounds, mut found, mut idle) = (0, 0, 0);
    while idle < 3 {
        rounds += 1;
        let open: BTreeSet<OperationId> =
            unsettled(store).await?.into_iter().map(|operation| operation.id).collect();
        let at_once = Arc::new(Semaphore::new(8));
        let looks = open.into_iter().map(|id| {
            let (engine, at_once) = (engine.clone(), Arc::clone(&at_once));
            async move {
                let _turn = at_once.acquire().await;
                engine.check(id).await.is_ok_and(|operation| !operation.is_open())
            }
        });
        let now =
            futures::future::join_all(looks).await.into_iter().filter(|settled| *settled).count();
        found += now;
        idle = if now == 0 { idle + 1 } else { 0 };
        // The bank's delays have to pass, too.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok((rounds, found))
}
