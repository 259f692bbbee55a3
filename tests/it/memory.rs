//! How many copies of each secret a process that works with all four providers has in its memory.
//!
//! A child process reads and changes, then scans its own memory. It knows what to look for only in
//! disguise, so that what it looks for is no copy of its own.

use std::io::{Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardKind, CardState};
use cardtop::domain::operation::{Action, OnConflict, Pin};
use cardtop::engine::{ChangeRequest, Engine, Expected, Purpose, Setup};
use cardtop::provider::Config;

use crate::command_line::Bank;

/// Every byte of a secret is sent to the child and kept there like this.
const DISGUISE: u8 = 0x80;

/// The PIN that the child sets; not as text, so that it is not in the program either.
const PIN: [u8; 4] = [8, 2, 6, 4];

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn of_no_secret_there_are_more_than_two_copies_however_many_requests_were_sent() {
    let bank = Bank::open().await;
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    std::fs::write(&bank.config, config.replace("1200/min", "60000/min")).expect("writing");
    let folder = bank.config.with_extension("secrets");
    let mut secrets: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("the secrets")
        .flatten()
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                std::fs::read(entry.path()).expect("a secret"),
            )
        })
        .collect();
    secrets.extend(disguises(&secrets));
    let mut words = String::new();
    for (name, secret) in &secrets {
        let hidden: String =
            secret.trim_ascii().iter().map(|byte| format!("{:02x}", byte ^ DISGUISE)).collect();
        words.push_str(&format!("{name} {hidden}\n"));
    }
    let mut command = Command::new(std::env::current_exe().expect("this program's own file"));
    command.args([
        "memory::counts_its_own_copies",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    command
        .env("CARDTOP_TEST_CONFIG", &bank.config)
        .env("CARDTOP_TEST_DATA", bank.folder.path().join("data"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().expect("the child");
        child.stdin.take().expect("piped").write_all(words.as_bytes()).expect("writing");
        child.wait_with_output().expect("it ends")
    });
    let output = output.await.expect("the child");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let counts: Vec<(&str, &str, usize)> = said
        .lines()
        .filter_map(|line| line.strip_prefix("COPIES "))
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?, words.next()?.parse().ok()?))
        })
        .collect();
    assert_eq!(counts.len(), 2 * (secrets.len() + 1), "{said}");
    for (after, secret, count) in counts {
        let most = match secret {
            // Read once, and kept only as what was made of them.
            "pin" | "artha-key.pem" | "enkash-encryption-key" | "enkash-client-secret" => 0,
            _ => 2,
        };
        assert!(count <= most, "{count} copies of {secret} after {after} requests\n{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_abort_leaves_no_core_file() {
    use std::io::BufRead;
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().expect("a folder");
    // As many bytes of core as this user may have at all.
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -c $(ulimit -H -c); exec \"$0\" sandbox",
        env!("CARGO_BIN_EXE_cardtop"),
    ]);
    let mut child =
        command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().expect("the program");
    let mut first = String::new();
    std::io::BufReader::new(child.stdout.take().expect("piped"))
        .read_line(&mut first)
        .expect("it says its addresses");
    let limits =
        std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .expect("a limit of cores");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).expect("a signal");
    let status = child.wait().expect("it ends");
    assert!(status.signal().is_some() && !status.core_dumped(), "{status:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "a core file");
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_else_may_read_the_memory() {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    let mut command = Command::new(std::env::current_exe().expect("this program's own file"));
    command.args(["memory::is_kept_private", "--exact", "--ignored"]).stdout(Stdio::null());
    assert!(command.status().expect("the child").success());
    assert_eq!(
        dumpable_behavior().ok(),
        Some(DumpableBehavior::Dumpable),
        "this process itself was not asked to be private"
    );
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the child of nobody_else_may_read_the_memory: it cannot be undone"]
fn is_kept_private() {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    cardtop::memory::keep_private();
    assert_eq!(dumpable_behavior().ok(), Some(DumpableBehavior::NotDumpable));
}

/// Other forms of the same secrets: as they stand in headers, and the numbers of the RSA key.
fn disguises(secrets: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    use data_encoding::{BASE32, BASE64};
    use rsa::pkcs1::DecodeRsaPrivateKey;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};
    let of = |name: &str| {
        let (_, secret) =
            secrets.iter().find(|(known, _)| known == name).expect("a secret of the sandbox");
        String::from_utf8(secret.trim_ascii().to_vec()).expect("text")
    };
    let pair = format!("{}:{}", of("enkash-client-id"), of("enkash-client-secret"));
    let key = rsa::RsaPrivateKey::from_pkcs1_pem(&of("artha-key.pem")).expect("a key");
    assert!(key.size() > 0);
    let mut forms = vec![
        ("enkash-basic".to_owned(), BASE64.encode(pair.as_bytes()).into_bytes()),
        (
            "ibanera-secret-bytes".to_owned(),
            BASE32.decode(of("ibanera-shared-secret").as_bytes()).expect("base 32"),
        ),
        ("enkash-payload-key".to_owned(), payload_key(&of("enkash-encryption-key"))),
        // What every token of the sandbox's ibanera begins with.
        ("ibanera-session".to_owned(), b"eyJhbGciOiJIUzI1NiJ9.".to_vec()),
        ("artha-key-d".to_owned(), key.d().to_bytes_le()),
    ];
    forms.extend(
        key.primes()
            .iter()
            .enumerate()
            .map(|(at, prime)| (format!("artha-key-prime-{at}"), prime.to_bytes_le())),
    );
    forms
}

/// The key that enkash's payloads are encrypted with.
fn payload_key(secret: &str) -> Vec<u8> {
    let mut key = cardtop::provider::crypto::sha256(secret.as_bytes());
    key.truncate(16);
    key
}

#[test]
#[ignore = "the child of \
            of_no_secret_there_are_more_than_two_copies_however_many_requests_were_sent"]
fn counts_its_own_copies() {
    let mut hidden = String::new();
    std::io::stdin().read_to_string(&mut hidden).expect("what to look for");
    let bytes = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hexadecimal");
    let mut wanted: Vec<(String, Vec<u8>)> = hidden
        .lines()
        .map(|line| line.split_once(' ').expect("a name and a secret"))
        .map(|(name, secret)| (name.to_owned(), bytes(secret)))
        .collect();
    wanted.push(("pin".to_owned(), PIN.iter().map(|digit| (digit + b'0') ^ DISGUISE).collect()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (config, data) = (variable("CARDTOP_TEST_CONFIG"), variable("CARDTOP_TEST_DATA"));
        let setup = Setup {
            config: Config::load(Some(config.as_ref())).expect("the sandbox's configuration"),
            data: data.into(),
            notes: None,
            read_only: false,
            only: None,
            operator: "anay".into(),
            clock: Clock::real(),
            purpose: Purpose::Cards,
            transport: None,
        };
        let (engine, _news) = Engine::open(setup).await.expect("a data folder");
        engine.read_providers().await;
        count("1", &wanted);
        for _ in 0..8 {
            assert!(engine.read_cards().await.iter().all(|(_, cards)| cards.is_ok()));
        }
        set_pins(&engine).await;
        // What ended a connection of its own is dropped by then.
        engine.read_providers().await;
        engine.stop().await;
        count("200", &wanted);
    });
}

#[expect(clippy::disallowed_methods, reason = "a child of a test is told by its environment")]
fn variable(name: &str) -> String {
    std::env::var(name).expect("it is set by the test")
}

async fn set_pins(engine: &Engine) {
    let mut set = 0;
    for info in engine.providers() {
        let takes = info.capabilities.is_some_and(|can| {
            can.pin.is_ok_and(|rule| rule.digits.is_some_and(|(least, _)| least <= 4))
        });
        let cards = engine.known_cards().await;
        let fits = |card: &&Arc<Card>| {
            card.key.provider == info.id
                && card.state == CardState::Active
                && card.kind == Some(CardKind::Physical)
        };
        let Some(card) = cards.iter().find(fits).filter(|_| takes) else { continue };
        let digits: String = PIN.iter().map(|digit| char::from(digit + b'0')).collect();
        let action = Action::SetPin { old: None, new: Some(Pin::typed(digits).expect("a PIN")) };
        let order = ChangeRequest {
            id: engine.new_operation_id(),
            card: card.key.clone(),
            action,
            reason: None,
            shown: Expected::default(),
            on_conflict: OnConflict::Refuse,
            recent_credit: None,
            payer: None,
        };
        match engine.change(order, Duration::ZERO).await {
            Ok(_) => set += 1,
            Err(refused) => say(&format!("{}: {refused}", info.id)),
        }
    }
    assert!(set > 0, "no PIN was set");
}

/// Prints how often each secret stands in the writable memory of this process.
fn count(after: &str, wanted: &[(String, Vec<u8>)]) {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the map of the memory");
    let mut memory = std::fs::File::open("/proc/self/mem").expect("the own memory");
    let mut counts = vec![0_usize; wanted.len()];
    let longest = wanted.iter().map(|(_, secret)| secret.len()).max().unwrap_or(0);
    let mut buffer = vec![0_u8; (1 << 16) + longest];
    let start = u64::try_from(buffer.as_ptr().addr()).expect("an address");
    let buffer_at = start..start + u64::try_from(buffer.len()).expect("a size");
    for line in maps
        .lines()
        .filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw")))
    {
        let (from, to) =
            line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).expect("an address"));
        let mut at = from;
        while at < to {
            let size = usize::try_from(to - at).expect("a size").min(buffer.len());
            let chunk = buffer.get_mut(..size).expect("a part of it");
            memory.seek(SeekFrom::Start(at)).expect("an address");
            if memory.read_exact(chunk).is_err() {
                break;
            }
            for byte in chunk.iter_mut() {
                *byte ^= DISGUISE;
            }
            let own = if to - at > 1 << 16 { 1 << 16 } else { size };
            for ((name, secret), count) in wanted.iter().zip(&mut counts) {
                for found in places(chunk, secret).filter(|found| *found < own) {
                    let place = at + u64::try_from(found).expect("an offset");
                    if !buffer_at.contains(&place) {
                        *count += 1;
                        say(&format!("  {name} at {place:x} in {}", line.trim()));
                    }
                }
            }
            chunk.fill(0);
            at += 1 << 16;
        }
    }
    for ((name, _), count) in wanted.iter().zip(counts) {
        say(&format!("COPIES {after} {name} {count}"));
    }
}

/// A line for the process that started this one.
fn say(line: &str) {
    writeln!(std::io::stdout().lock(), "{line}").expect("the parent listens");
}

/// Where a needle begins.
fn places<'a>(hay: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = *needle.first().expect("a needle");
    let starts = hay.iter().enumerate().filter(move |(_, byte)| **byte == first).map(|(at, _)| at);
    starts.filter(move |at| hay.get(*at..).is_some_and(|rest| rest.starts_with(needle)))
}
