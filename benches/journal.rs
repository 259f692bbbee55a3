//! What the journal costs: the three commits that a change adds (intent, sent, answer), on a real
//! file, the provider's time taken out.
//!
//! Printed beside the bare minimum, measured between them in the same run: one append of as many
//! bytes and one `fdatasync` for each commit.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{
    Action, ActionKind, Before, OnConflict, Operation, OperationId, OperationState, Proof, StepKind,
};
use cardtop::store::{FILE, Finding, Intent, Store};
use tokio::time::Instant;

/// Operations that are measured.
const OPERATIONS: u16 = 400;

/// Operations before, so that caches are warm.
const WARM: u16 = 40;

/// Commits of an operation.
const COMMITS: u32 = 3;

fn operation(clock: &Clock, count: u16) -> Operation {
    let now = clock.now();
    let id = OperationId::new(now, 7, count);
    Operation {
        id,
        action_kind: ActionKind::TopUp,
        card: CardKey::new(&ProviderId::new("bench"), &format!("card-{count}")),
        last4: "4242".parse().ok(),
        amount: "USD".parse().ok().and_then(|dollars| Money::parse_input("30", dollars).ok()),
        state: OperationState::Sent,
        reason: Some("cover decline".into()),
        reference: id.reference(),
        provider_reference: None,
        operator: "bench".into(),
        created_at: now,
        updated_at: now,
        detail: None,
        before: Before {
            owner: None,
            state: Some(Card::unread(CardKey::new(&ProviderId::new("bench"), "c")).state),
            balance: None,
        },
        proof: Proof::ByListing,
        looks: 0,
        next_look: None,
        baseline: None,
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}

/// One change as the engine journals it.
async fn journalled(store: &Store, clock: &Clock, count: u16) -> Duration {
    let operation = operation(clock, count);
    let (id, now) = (operation.id, clock.now());
    let amount = operation.amount.expect("a top-up of the bench has a sum");
    let began = Instant::now();
    let (card, action) = (Card::unread(operation.card.clone()), Action::TopUp(amount));
    let intent =
        store.intend(operation, card, action, OnConflict::Refuse).await.expect("the journal");
    assert!(matches!(intent, Intent::Saved(_)));
    store.mark_sent(id, now, "top-up 30.00 USD asked of bench").await.expect("the journal");
    let words = "accepted, not seen yet".to_owned();
    let finding = Finding {
        next_look: Some(now),
        ..Finding::new(now, StepKind::Answer, words, OperationState::Accepted)
    };
    store.record(id, finding).await.expect("the journal");
    began.elapsed()
}

/// As many appends and `fdatasync`s as an operation has commits, with nothing else.
async fn bare(mut file: File, bytes: usize) -> (File, Duration) {
    let work = move || {
        let began = Instant::now();
        let line = vec![b'x'; bytes];
        for _ in 0..COMMITS {
            file.write_all(&line).expect("writing");
            file.sync_data().expect("the disk");
        }
        (file, began.elapsed())
    };
    tokio::task::spawn_blocking(work).await.expect("a thread")
}

fn log_size(folder: &Path) -> u64 {
    fs::metadata(folder.join(format!("{FILE}-wal"))).map_or(0, |found| found.len())
}

fn part(times: &mut [Duration], hundredths: usize) -> Duration {
    times.sort_unstable();
    times.get(times.len() * hundredths / 100).copied().unwrap_or_default()
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // Beside the build, not in a folder that may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    runtime.block_on(async {
        let clock = Clock::real();
        let store = Store::open(folder.path()).expect("a data file");
        // The first ones tell how many bytes a commit writes, before SQLite begins the log again
        // from its start.
        let empty = log_size(folder.path());
        for count in 0..WARM {
            journalled(&store, &clock, count).await;
        }
        let written = log_size(folder.path()).saturating_sub(empty);
        let bytes = usize::try_from(written / (u64::from(WARM) * u64::from(COMMITS))).unwrap_or(0);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.path().join("bare"))
            .expect("a file");
        let (mut with, mut without, mut small) = (Vec::new(), Vec::new(), Vec::new());
        for count in WARM..WARM + OPERATIONS {
            with.push(journalled(&store, &clock, count).await);
            let (again, took) = bare(file, bytes).await;
            without.push(took);
            let (again, took) = bare(again, 128).await;
            small.push(took / COMMITS);
            file = again;
        }
        let whole = store.verify().await.expect("the journal");
        assert_eq!(
            whole.map(|end| end.lines),
            Ok(u64::from(COMMITS) * u64::from(WARM + OPERATIONS)),
            "the journal is whole"
        );
        println!(
            "journal of a change: {COMMITS} commits with synchronous=FULL, {bytes} bytes each in \
             the log; {OPERATIONS} changes"
        );
        println!("{:<44}{:>12}{:>12}", "", "median", "p99");
        let row = |words: &str, times: &mut Vec<Duration>| {
            println!(
                "{words:<44}{:>9} us{:>9} us",
                part(times, 50).as_micros(),
                part(times, 99).as_micros()
            );
        };
        row("one change, journalled", &mut with);
        row("its bytes, bare: 3 x (append + fdatasync)", &mut without);
        row("one bare append of 128 bytes + fdatasync", &mut small);
        let hundredths = |over: &mut Vec<Duration>, under: &mut Vec<Duration>| {
            let ratio = part(over, 50).as_micros() * 100 / part(under, 50).as_micros().max(1);
            format!("{}.{:02}", ratio / 100, ratio % 100)
        };
        println!("ratio to its bytes, bare: {}", hundredths(&mut with, &mut without));
        println!("ratio to one bare append + fdatasync: {}", hundredths(&mut with, &mut small));
    });
}
