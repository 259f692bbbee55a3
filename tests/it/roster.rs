//! `roster check`: a roster is checked whole before cardtop lives on it.

use serde_json::Value;

use crate::command_line::{Bank, code, words};

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_well_or_every_bad_line_is_named() {
    let bank = Bank::open().await;
    let file = bank.folder.path().join("cards.csv");
    let name = file.to_string_lossy().into_owned();
    std::fs::write(&file, "id,holder,last4\n77,Mara,4242\n78,Bo,0042\n").expect("writing");
    for line in [
        vec!["roster", "check", &name, "--provider", "banana"],
        vec!["roster", "check", &name, "--kind", "artha"],
    ] {
        let output = bank.run(&line).await;
        assert_eq!(code(&output), 0, "{}", words(&output));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with("2 cards for "), "{said}");
    }
    std::fs::write(&file, "id,holder,last4\n77,Mara,4242\n78,\"Bo,0042\n77,Mara,4242\n")
        .expect("writing");
    let output = bank.run(&["roster", "check", &name, "--kind", "banana", "--json"]).await;
    assert_eq!(code(&output), 1, "{}", words(&output));
    let found: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!((&found["cards"], &found["duplicates"]), (&1.into(), &1.into()), "{found}");
    assert_eq!(found["bad"][0]["line"], 3);
    assert_eq!(found["bad"][0]["why"], "has a quote that is not closed");
    assert_eq!(found["bad"][1]["mend"], "remove one of both lines");

    std::fs::write(&file, "number,holder\n1,Mara\n").expect("writing");
    for (line, exit, expected) in [
        (vec!["roster", "check", &name, "--kind", "banana"], 1, "has no column `id`"),
        (vec!["roster", "check", "/nowhere.csv", "--kind", "banana"], 2, "there is no such file"),
        (vec!["roster", "check", &name], 2, "say whose cards they are"),
        (vec!["roster", "check", &name, "--kind", "bank"], 2, "known are artha, banana"),
        (
            vec!["roster", "check", &name, "--provider", "x"],
            2,
            "there is no x in the configuration",
        ),
    ] {
        let output = bank.run(&line).await;
        assert_eq!(code(&output), exit, "{line:?}: {}", words(&output));
        assert!(words(&output).contains(expected), "{line:?}: {}", words(&output));
    }
}
