//! Programs we did not write, against the simulator: the Python client, a browser. They run where they are installed:
//! `cargo xtask test --only peers`.

use std::process::{Command, Output};

use wats_sim::{Fault, Simulator};

use crate::common::{Client, report, start};

/// Runs a program beside the server.
async fn beside(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with pywats-api (WATS_PEER_PYTHON names the interpreter): cargo xtask test --only peers"]
async fn the_python_client_works_unchanged() {
    let sim = start(Simulator::builder().products(10)).await;
    let python = std::env::var_os("WATS_PEER_PYTHON").unwrap_or("python3".into());
    let mut command = Command::new(python);
    command
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/peers/pywats/run.py"
        ))
        .args([sim.base_url(), sim.token()])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = beside(command).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium (WATS_BROWSER names it): cargo xtask test --only peers"]
async fn a_browser_shows_the_pages() {
    let sim = start(Simulator::builder()).await;
    let id = "33a2d408-3fc8-480b-b554-6866c77fd91c";
    let mut client = Client::h1(&sim).await;
    client
        .post(
            "/api/Report/WSJF",
            &report(id, "S<1>", "F", "2026-01-30T22:01:41Z"),
        )
        .await;
    sim.inject(Fault::status(503).always());
    for (path, parts) in [
        (
            "/".to_owned(),
            [
                "<h2>Faults in force</h2>",
                "S&lt;1&gt;</a>",
                "POST /api/Report/WSJF",
            ],
        ),
        (
            format!("/simulator/report/{id}"),
            ["<details open=\"\">", "Rail", "<code> 5.0 V</code>"],
        ),
    ] {
        let mut command =
            Command::new(std::env::var_os("WATS_BROWSER").unwrap_or("chromium".into()));
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .arg(format!("{}{path}", sim.base_url()));
        let output = beside(command).await;
        let shown = String::from_utf8_lossy(&output.stdout);
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
