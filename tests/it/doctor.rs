//! The real `cardtop doctor` on set-ups that are broken in one way each: the first line names it,
//! and nothing that is printed may not be shown.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use cardtop::sandbox::{Dialect, Fault, FaultTarget};
use jiff::SignedDuration;
use serde_json::Value;

use crate::certificates::run_against;
use crate::command_line::{Bank, code, words};
use crate::harness::STATE;
use crate::network::FakeProxy;

/// The first line, and the exit code.
fn first_line(output: &Output) -> (String, i32) {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_else(|| panic!("nothing: {}", words(output)));
    (line.to_owned(), code(output))
}

/// Puts something else into the configuration.
fn replace(bank: &Bank, what: &str, with: &str) {
    let config = fs::read_to_string(&bank.config).expect("the configuration");
    assert!(config.contains(what), "{what}: {config}");
    fs::write(&bank.config, config.replace(what, with)).expect("writing");
}

/// The address of a provider as the configuration has it.
fn base(bank: &Bank, dialect: Dialect) -> String {
    format!("http://{}", bank.address(dialect))
}

async fn doctor(bank: &Bank, of: &str) -> Output {
    bank.run(&["doctor", "--provider", of]).await
}

/// Asserts what the first line says of one account, and how it ends.
async fn says(bank: &Bank, of: &str, begins: &str, has: &[&str], exit: i32) {
    let output = doctor(bank, of).await;
    let (line, ended) = first_line(&output);
    let all = String::from_utf8_lossy(&output.stdout);
    assert!(line.starts_with(begins), "{begins}: {line}\n{all}");
    for word in has {
        assert!(line.contains(word), "{word}: {line}\n{all}");
    }
    assert_eq!(ended, exit, "{all}");
}

fn secret_file(bank: &Bank, name: &str) -> std::path::PathBuf {
    bank.folder.path().join("c.secrets").join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_the_first_line_says_so() {
    let bank = Bank::open().await;
    let output = bank.run(&["doctor"]).await;
    let all = String::from_utf8_lossy(&output.stdout);
    assert_eq!(first_line(&output), ("all is well".to_owned(), 0), "{all}");
    for word in ["login", "clock", "transactions", "float", "roster", "terminal", "disk"] {
        assert!(all.contains(&format!("  {word} ")), "{word}: {all}");
    }
    // A data file is there, and others may use it meanwhile.
    bank.json(&["cards", "--json"]).await;
    let output = bank.run(&["doctor", "--json"]).await;
    let found: Value = serde_json::from_slice(&output.stdout).expect("a document");
    for finding in found.as_array().expect("a list") {
        assert_eq!((&finding["level"], &finding["do"]), (&"OK".into(), &Value::Null), "{finding}");
    }
    let checks: Vec<&str> =
        found.as_array().expect("a list").iter().filter_map(|one| one["check"].as_str()).collect();
    for wanted in ["configuration", "data-file", "journal", "secret", "name", "connection"] {
        assert!(checks.contains(&wanted), "{wanted}: {checks:?}");
    }
    assert_eq!(words(&output), "cardtop: all is well\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_the_logins_fault() {
    let bank = Bank::open().await;
    for (of, file) in [
        ("artha", "artha-token"),
        ("enkash", "enkash-password"),
        ("enkash", "enkash-client-secret"),
        ("ibanera", "ibanera-password"),
    ] {
        let path = secret_file(&bank, file);
        let right = fs::read(&path).expect("the secret");
        fs::write(&path, "JBSWY3DPEHPK3PXQ").expect("writing");
        let has = ["the credentials are refused", "check the credentials and base_url"];
        says(&bank, of, &format!("FAIL {of}: login: "), &has, 3).await;
        fs::write(&path, right).expect("writing");
    }
    let path = secret_file(&bank, "banana-secret-key");
    let key = fs::read_to_string(&path).expect("the key");
    let other: String = key.chars().rev().collect();
    fs::write(&path, other).expect("writing");
    says(&bank, "banana", "FAIL banana: login: ", &["refused"], 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_had_is_named_with_its_source() {
    let bank = Bank::open().await;
    let file = "{ file = \"c.secrets/artha-token\" }";
    let path = secret_file(&bank, "artha-token");
    let begins = "FAIL artha: secret: ";
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("the mode");
    says(&bank, "artha", begins, &["artha-token", "chmod 600"], 1).await;
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("the mode");
    fs::write(&path, "\n").expect("writing");
    says(&bank, "artha", begins, &["artha-token is empty"], 1).await;
    fs::remove_file(&path).expect("it was there");
    says(&bank, "artha", begins, &["artha-token"], 1).await;
    for (source, has) in [
        ("{ env = \"CARDTOP_TEST_NOT_SET\" }", "CARDTOP_TEST_NOT_SET is not set"),
        ("{ command = [\"false\"] }", "`false` failed"),
        ("{ command = [\"/no/such/program\"] }", "cannot be run"),
    ] {
        let before = fs::read_to_string(&bank.config).expect("the configuration");
        replace(&bank, file, source);
        says(&bank, "artha", begins, &[has], 1).await;
        fs::write(&bank.config, before).expect("writing");
    }
    let path = secret_file(&bank, "artha-key.pem");
    fs::write(path, "no key at all").expect("writing");
    fs::write(secret_file(&bank, "artha-token"), "t").expect("writing");
    fs::set_permissions(secret_file(&bank, "artha-token"), Permissions::from_mode(0o600))
        .expect("the mode");
    says(&bank, "artha", "FAIL artha: settings: ", &["private_key"], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_speaks_another_wire_is_recognised() {
    for of in Dialect::ALL {
        let bank = Bank::open().await;
        let own = base(&bank, of);
        for other in Dialect::ALL.into_iter().filter(|other| *other != of) {
            let before = fs::read_to_string(&bank.config).expect("the configuration");
            // Only where the account's own address stands.
            let there = base(&bank, other);
            let swapped = before.replace(&own, "http://own").replace(&there, &own);
            fs::write(&bank.config, swapped.replace("http://own", &there)).expect("writing");
            let output = doctor(&bank, of.name()).await;
            let (line, ended) = first_line(&output);
            // A host that refuses strangers says nothing of its wire.
            let checks = ["wire", "login"].map(|check| format!("FAIL {}: {check}: ", of.name()));
            let all = String::from_utf8_lossy(&output.stdout);
            let is_login = line.starts_with(&checks[1]);
            let is_wire = line.starts_with(&checks[0]);
            assert!(is_wire || is_login, "{of:?} at {other:?}: {line}\n{all}");
            assert!(line.contains("base_url") && ended == 3, "{line}");
            fs::write(&bank.config, before).expect("writing");
        }
        let path = format!("{own}/nowhere");
        replace(&bank, &own, &path);
        // ibanera's refuses a login wherever it is sent.
        let check = if of == Dialect::Ibanera { "login" } else { "wire" };
        says(&bank, of.name(), &format!("FAIL {}: {check}: ", of.name()), &["base_url"], 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_or_a_box_before_it_answers_is_told_apart() {
    for dialect in Dialect::ALL {
        let name = dialect.name();
        let bank = Bank::open().await;
        for (fault, check, has) in [
            (Fault::Html, "wire", "a web page came instead of an answer"),
            (Fault::Answer500, "wire", "its own failure (HTTP 500)"),
            (
                Fault::Refuse429 { retry_after_seconds: 600 },
                "login",
                "takes no more requests for now (HTTP 429)",
            ),
            (Fault::Unauthorized, "login", "the credentials are refused"),
        ] {
            bank.sandbox.fault_on(dialect, FaultTarget::ReadsAndWrites, fault, 100);
            says(&bank, name, &format!("FAIL {name}: {check}: "), &[has], 3).await;
            bank.sandbox.clear_faults(dialect);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_comes_before_what_it_breaks() {
    for (dialect, seconds, side) in [
        (Dialect::Banana, 600, "ahead of"),
        (Dialect::Artha, -600, "behind"),
        (Dialect::Ibanera, 600, "ahead of"),
    ] {
        let bank = Bank::open().await;
        bank.sandbox.set_clock_offset(dialect, SignedDuration::from_secs(seconds));
        let output = doctor(&bank, dialect.name()).await;
        let (line, ended) = first_line(&output);
        let begins = format!("FAIL {}: clock: the provider's is ", dialect.name());
        assert!(line.starts_with(&begins) && line.contains(side), "{line}");
        assert!(line.contains("set this machine's clock") && matches!(ended, 1 | 3), "{line}");
    }
    let bank = Bank::open().await;
    bank.sandbox.set_clock_offset(Dialect::Banana, SignedDuration::from_secs(60));
    says(&bank, "banana", "WARN banana: clock: ", &["s ahead of"], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_closed_says_at_which_step() {
    let bank = Bank::open().await;
    let own = base(&bank, Dialect::Banana);
    for (address, begins, has) in [
        ("https://cards.example.invalid", "FAIL banana: name: ", "cannot be resolved"),
        ("http://127.0.0.1:9", "FAIL banana: connection: ", "connection refused"),
        (&own.replace("http", "https"), "FAIL banana: tls: ", "does not speak TLS"),
    ] {
        let before = fs::read_to_string(&bank.config).expect("the configuration");
        replace(&bank, &own, address);
        says(&bank, "banana", begins, &[has], 3).await;
        fs::write(&bank.config, before).expect("writing");
    }
    let proxy = FakeProxy::start();
    replace(&bank, &own, "https://cards.example.invalid");
    let address = format!("http://mara:pr0xy-passw0rd@{}", proxy.address);
    let nobody = "http://127.0.0.1:9".to_owned();
    for (address, begins, has) in [
        (address, "FAIL banana: proxy: ", "opens no tunnel (HTTP 502)"),
        (nobody, "FAIL banana: connection: ", "connection refused"),
        ("socks5://127.0.0.1:9".to_owned(), "FAIL banana: proxy: ", "https_proxy"),
    ] {
        let environment = [("https_proxy", address.as_str()), ("NO_PROXY", ""), ("no_proxy", "")];
        let output = bank.run_in(&environment, &["doctor", "--provider", "banana"], "").await;
        let (line, ended) = first_line(&output);
        assert!(line.starts_with(begins) && line.contains(has), "{line}");
        assert_eq!(ended, 3, "{line}");
        let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), words(&output));
        assert!(!all.contains("pr0xy-passw0rd") && !all.contains("mara"), "{all}");
    }
}

#[test]
fn a_wrong_certificate_or_pin_is_said_and_nothing_is_sent() {
    let wrong_pin = format!("pin_certificate = \"{}\"", "7a".repeat(32));
    for (certificate, more, has) in [
        ("expired.pem", "", "its certificate expired on 2021-01-01"),
        ("not-yet-valid.pem", "", "not valid before 2100-01-01"),
        ("self-signed.pem", "", "signed by nobody whom this machine trusts"),
        ("other-name.pem", "", "is for other.example.com"),
        ("good.pem", &*wrong_pin, "not the one that pin_certificate names"),
    ] {
        let (output, sent) = run_against(certificate, more, "doctor");
        let (line, ended) = first_line(&output);
        assert!(line.starts_with("FAIL us: tls: ") && line.contains(has), "{certificate}: {line}");
        assert_eq!((ended, sent.len()), (3, 0), "{certificate}");
    }
    let pinned = "timeout = \"2s\"\npin_certificate = \
                  \"8b703a3066ee735a2f72648da4914203282f639ad02d194ecbf5518369e9c47f\"";
    let (output, _) = run_against("good.pem", pinned, "doctor");
    let all = String::from_utf8_lossy(&output.stdout);
    assert!(all.contains("its key is the pinned one"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_used_is_exit_code_2_and_the_rest_is_looked_at() {
    let bank = Bank::open().await;
    let good = fs::read_to_string(&bank.config).expect("the configuration");
    let looks = |output: &Output, has: &str| {
        let (line, ended) = first_line(output);
        let all = String::from_utf8_lossy(&output.stdout);
        assert!(line.starts_with("FAIL configuration: ") && line.contains(has), "{has}: {line}");
        assert_eq!(ended, 2, "{line}");
        assert!(all.contains("  disk ") && all.contains("  data-file "), "{all}");
    };
    fs::set_permissions(&bank.config, Permissions::from_mode(0o660)).expect("the mode");
    looks(&bank.run(&["doctor"]).await, "chmod go-w");
    fs::set_permissions(&bank.config, Permissions::from_mode(0o600)).expect("the mode");
    fs::write(&bank.config, format!("{good}\ncolour = 1\n")).expect("writing");
    looks(&bank.run(&["doctor"]).await, "unknown key `colour`");
    fs::write(&bank.config, "[board]\ntimezone = \"Europe/Atlantis\"\n").expect("writing");
    looks(&bank.run(&["doctor"]).await, "board.timezone is \"Europe/Atlantis\"");
    fs::remove_file(&bank.config).expect("it was there");
    looks(&bank.run(&["doctor"]).await, "there is no configuration file");
    fs::write(&bank.config, "").expect("writing");
    let output = bank.run(&["doctor"]).await;
    let (line, ended) = first_line(&output);
    assert!(line.starts_with("WARN configuration: ") && line.contains("cardtop init"), "{line}");
    assert_eq!(ended, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_data_file_is_said_and_the_accounts_are_looked_at() {
    let bank = Bank::open().await;
    bank.json(&["cards", "--json"]).await;
    let data = bank.folder.path().join("data");
    let file = data.join(cardtop::store::FILE);
    let looks = async |begins: &str, has: &str| {
        let output = doctor(&bank, "banana").await;
        let (line, ended) = first_line(&output);
        let all = String::from_utf8_lossy(&output.stdout);
        assert!(line.starts_with(begins) && line.contains(has), "{has}: {line}\n{all}");
        assert_eq!(ended, 1, "{line}");
        assert!(all.contains("the credentials are taken"), "{all}");
    };
    let db = rusqlite::Connection::open(&file).expect("the data file");
    db.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    looks("FAIL data-file: ", "is held by another process").await;
    db.execute_batch("ROLLBACK; PRAGMA user_version = 99").expect("no lock");
    drop(db);
    looks("FAIL data-file: ", "written by a newer cardtop (version 99").await;
    for beside in ["-wal", "-shm"] {
        let _ = fs::remove_file(data.join(format!("{}{beside}", cardtop::store::FILE)));
    }
    fs::write(&file, "no database, but something else entirely").expect("writing");
    looks("FAIL data-file: ", "is broken").await;
    fs::remove_file(&file).expect("it was there");
    fs::set_permissions(&data, Permissions::from_mode(0o777)).expect("the mode");
    fs::write(&file, "").expect("writing");
    looks("FAIL data-file: ", "chmod go-w").await;
    fs::remove_dir_all(&data).expect("it was there");
    fs::write(&data, "a file in the place of a folder").expect("writing");
    looks("FAIL data-folder: ", "is not a folder").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_was_changed_is_said() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Banana).await;
    let frozen = bank.run(&["freeze", &card, "--yes"]).await;
    assert_eq!(code(&frozen), 0, "{}", words(&frozen));
    says(&bank, "banana", "all is well", &[], 0).await;
    let file = bank.folder.path().join("data").join(cardtop::store::FILE);
    let db = rusqlite::Connection::open(file).expect("the data file");
    let changed = "UPDATE operation SET reason = 'because'";
    db.execute_batch(changed).expect("a change by hand");
    drop(db);
    says(&bank, "banana", "FAIL journal: ", &["ops verify"], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receivers_address_is_free_or_it_is_said_who_has_it() {
    let bank = Bank::open().await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = taken.local_addr().expect("an address");
    let config = fs::read_to_string(&bank.config).expect("the configuration");
    let listen = format!("[listen]\nenabled = true\naddr = \"{address}\"\n\n{config}");
    fs::write(&bank.config, listen).expect("writing");
    let has = ["is taken by another program", "[listen] addr"];
    says(&bank, "banana", "FAIL receiver: ", &has, 1).await;
    drop(taken);
    says(&bank, "banana", "all is well", &[], 0).await;
    says(&bank, "ibanera", "WARN ibanera: webhooks: ", &["webhook_secret"], 1).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
    command.env("CARDTOP_STATE", STATE).arg("--config").arg(&bank.config);
    command.arg("--data").arg(bank.folder.path().join("data")).arg("listen");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut other = command.spawn().expect("the program");
    let lines = BufReader::new(other.stderr.take().expect("piped")).lines();
    let listens = |line: &std::io::Result<String>| {
        line.as_ref().is_ok_and(|line| line.contains("listening on http://"))
    };
    let listening = tokio::task::block_in_place(|| lines.into_iter().any(|line| listens(&line)));
    assert!(listening, "it listens");
    let output = doctor(&bank, "banana").await;
    let all = String::from_utf8_lossy(&output.stdout);
    assert!(all.contains("is listened on by another cardtop"), "{all}");
    assert_eq!(first_line(&output), ("all is well".to_owned(), 0));
    other.kill().expect("it runs");
    other.wait().expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_that_is_missing_or_has_bad_lines_is_said_without_what_stands_in_it() {
    let bank = Bank::open().await;
    let path = bank.folder.path().join("c.artha-cards.csv");
    let roster = fs::read_to_string(&path).expect("the roster");
    fs::write(&path, format!("{roster}broken,\"Mara Canary\n")).expect("writing");
    let line = (roster.lines().count() + 1).to_string();
    says(&bank, "artha", "WARN artha: roster: ", &["1 lines are skipped", &line], 1).await;
    let all = doctor(&bank, "artha").await;
    assert!(!String::from_utf8_lossy(&all.stdout).contains("Canary"));
    fs::write(&path, "Mara Canary,Mara Canary\nx,y\n").expect("writing");
    let output = doctor(&bank, "artha").await;
    let (first, _) = first_line(&output);
    assert!(first.starts_with("FAIL artha: roster: "), "{first}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Canary"));
    fs::remove_file(&path).expect("it was there");
    says(&bank, "artha", "FAIL artha: roster: ", &["there is no such file"], 1).await;
}

/// A server that answers everything with what it was sent, and a number of a card.
fn echo(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of the test's own, outside of every runtime"
    )]
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // One that goes away early is none.
            let _ = answer(stream, status);
        }
    });
    address
}

fn answer(mut stream: TcpStream, status: &str) -> std::io::Result<()> {
    let mut heard = vec![0; 64 << 10];
    let count = stream.read(&mut heard)?;
    let heard = String::from_utf8_lossy(&heard[..count]).into_owned();
    let words = format!("4111 1111 1111 1111 Mara Lindqvist {heard}");
    let body = serde_json::json!({
        "message": words, "error": words, "error_description": words, "msg": words, "code": words,
        "access_token": words, "data": { "message": words },
    });
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\nX-Canary: {heard:.0}canary\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_printed_is_a_secret_a_card_number_a_name_or_a_home() {
    for status in ["200 OK", "400 Bad Request", "401 Unauthorized", "500 Internal Server Error"] {
        let bank = Bank::open().await;
        let there = format!("http://{}", echo(status));
        for dialect in Dialect::ALL {
            replace(&bank, &base(&bank, dialect), &there);
        }
        let mut canaries = vec!["canary".to_owned(), "Lindqvist".into(), "1111 1111".into()];
        for entry in fs::read_dir(bank.folder.path().join("c.secrets")).expect("the secrets") {
            let secret = fs::read_to_string(entry.expect("an entry").path()).expect("a secret");
            let lines = secret.lines().filter(|line| line.len() > 7 && !line.contains("-----"));
            canaries.extend(lines.map(str::to_owned));
        }
        for roster in ["c.artha-cards.csv", "c.banana-cards.csv"] {
            let roster = fs::read_to_string(bank.folder.path().join(roster)).expect("a roster");
            let holders = roster.lines().skip(1).filter_map(|line| line.split(',').nth(2));
            canaries.extend(holders.filter(|name| !name.is_empty()).map(str::to_owned));
        }
        let home = bank.folder.path().to_string_lossy().into_owned();
        canaries.push(home.clone());
        assert!(canaries.len() > 30, "there is something to look for");
        for words_of in [&["doctor"][..], &["doctor", "--json"], &["doctor", "--format", "csv"]] {
            let output = bank.run_in(&[("HOME", &home)], words_of, "").await;
            let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), words(&output));
            assert!(all.contains("~/c.toml") && all.contains("FAIL"), "{all}");
            assert!(matches!(code(&output), 1 | 3), "{all}");
            for canary in &canaries {
                assert!(!all.contains(canary.as_str()), "{status}: {canary}: {all}");
            }
        }
    }
}
