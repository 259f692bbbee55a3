//! Real processes of cardtop that want the same at the same moment: one data folder, one card, one
//! top-up.

use std::process::{Output, Stdio};
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::operation::OperationState;
use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use cardtop::store::Store;
use tokio::process::Command;

use crate::harness::STATE;
use crate::proxy::{Lie, Proxy, Script};

/// Processes at once.
const RACERS: usize = 7;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_processes_at_one_card_exactly_one_sends() {
    let sandbox =
        Sandbox::new(Options { transactions: 0, busy: false, ..Options::default() }, Clock::real());
    let serving = sandbox.serve(None).await.expect("four ports on loopback");
    for dialect in Dialect::ALL {
        let name = dialect.name();
        let script = Script::of(1, dialect, Duration::ZERO);
        let proxy =
            Proxy::start(dialect, serving.addr(dialect), script).await.expect("a port on loopback");
        proxy.be_honest(true);
        // The first is lost on its way: it is never settled, however long the others take. Any
        // other one would arrive.
        proxy.plan(Lie::LoseRequest);
        // A folder of its own: they race for making the data file, too.
        let folder = tempfile::tempdir().expect("a folder");
        let (config, data) = (folder.path().join("c.toml"), folder.path().join("data"));
        sandbox.write_config(&|_| proxy.base(), &config).expect("a configuration");
        let active = |card: &String| sandbox.state(dialect, card) == Some(CardState::Active);
        let card = sandbox
            .card_ids(dialect)
            .into_iter()
            .find(active)
            .expect("a card that can be topped up");
        let before = sandbox.credits(dialect, &card).len();
        let racers = (0..RACERS).map(|_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
            command.env("CARDTOP_STATE", STATE);
            command
                .arg("--config")
                .arg(&config)
                .arg("--data")
                .arg(&data)
                .args(["--provider", name]);
            command.args(["topup", &format!("{name}/{card}"), "2500", "--yes", "--wait", "0s"]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true);
            command.spawn().expect("the program").wait_with_output()
        });
        // All of them run before the first is waited for.
        let racers: Vec<_> = racers.collect();
        let ended: Vec<Output> = futures::future::try_join_all(racers).await.expect("they end");
        let said: Vec<String> = ended
            .iter()
            .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
            .collect();
        let mut codes: Vec<Option<i32>> = ended.iter().map(|output| output.status.code()).collect();
        codes.sort_unstable();
        let mut expected = vec![Some(1); RACERS - 1];
        expected.push(Some(4));
        assert_eq!(
            codes, expected,
            "{name}: one is in doubt and the others are refused: {said:#?}"
        );
        for (output, words) in
            ended.iter().zip(&said).filter(|(output, _)| output.status.code() == Some(1))
        {
            assert!(
                words.contains("was not sent") && words.contains("of this card is still"),
                "{name}: {words}"
            );
            assert!(output.stdout.is_empty(), "{name}: {:?}", output.stdout);
        }
        assert_eq!(proxy.sent(), 1, "{name}: top-ups that left");
        assert_eq!(sandbox.credits(dialect, &card).len(), before, "{name}: one arrived");
        let store = Store::open(&data).expect("the data file");
        let verified = store.verify().await.expect("the journal");
        let operations = store.operations_page(None, 100).await.expect("the journal");
        let states: Vec<OperationState> =
            operations.iter().map(|operation| operation.state).collect();
        assert_eq!(states, [OperationState::Unknown], "{name}: {operations:#?}");
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
    serving.stop().await;
}
