//! The state in a folder: what was acknowledged is there for the next server, however the last one ended.
#![cfg(feature = "data")]

use std::path::PathBuf;

use crate::common::{Client, report, start};
use http::Method;
use serde_json::{Value, json};
use wats_sim::{Error, Fault, Simulator};

fn id(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// What a client can see of the state.
async fn seen(sim: &Simulator) -> Vec<Value> {
    let mut client = Client::h1(sim).await;
    let mut seen = Vec::new();
    for path in [
        "/api/Product/Query",
        "/api/Product/P1",
        "/api/App/Processes?includeInactiveProcesses=true",
        "/api/Report/Query/Header?$expand=miscinfo,assets",
        "/api/internal/Quarantine",
        &format!("/api/internal/Report/GetReportState/{}", id(2)),
    ] {
        seen.push(client.get(path).await.json());
    }
    seen.push(json!([sim.unit("S1"), sim.batch("B7")]));
    seen
}

#[tokio::test]
async fn the_next_server_has_what_the_last_one_had() {
    let folder = folder("state");
    let sim = start(Simulator::builder().data(&folder).products(3)).await;
    let mut client = Client::h1(&sim).await;
    client
        .put(
            "/api/Product",
            &json!({ "partNumber": "P1", "name": "One" }),
        )
        .await;
    let batch = json!([{ "batchNumber": "B7", "batchSize": 5 }]);
    client.put("/api/Production/Batches", &batch).await;
    let odd = format!(
        "  {}",
        report(&id(1), "S1", "F", "2026-01-30T22:01:41.4707353+01:00")
    );
    client
        .send(Method::POST, "/api/Report/WSJF", odd.clone())
        .await;
    client
        .post(
            "/api/Report/WSJF",
            &report(&id(1), "S1", "F", "2026-01-30T22:01:41Z"),
        )
        .await;
    sim.inject(Fault::quarantine("no disk"));
    client
        .post(
            "/api/Report/WSJF",
            &report(&id(2), "S2", "P", "2026-02-01T00:00:00Z"),
        )
        .await;
    client
        .send(Method::POST, "/api/Report/WSJF", odd.clone())
        .await;
    let before = seen(&sim).await;
    sim.shutdown().await;
    drop(sim);

    let sim = start(Simulator::builder().data(&folder).products(3)).await;
    assert_eq!(seen(&sim).await, before);
    assert_eq!(sim.report_bytes(&id(1)).unwrap(), odd.as_bytes());
    // What counted before goes on: the run of the unit, the order of processing, the quarantine.
    let mut client = Client::h1(&sim).await;
    client
        .post(
            "/api/Report/WSJF",
            &report(&id(3), "S1", "P", "2026-02-02T00:00:00Z"),
        )
        .await;
    client
        .post("/api/internal/Quarantine/Retry", &json!([]))
        .await;
    let rows = client
        .get("/api/Report/Query/Header?$orderby=timeStamp")
        .await
        .json();
    let rows: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                &row["serialNumber"],
                &row["run"],
                &row["timeStamp"],
                &row["receiveCount"],
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (&json!("S1"), &json!(1), &json!(3), &json!(3)),
            (&json!("S1"), &json!(2), &json!(4), &json!(1)),
            (&json!("S2"), &json!(1), &json!(5), &json!(1)),
        ]
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_refused_with_its_name() {
    let folder = folder("refused");
    let sim = start(Simulator::builder().data(&folder)).await;
    let second = Simulator::builder()
        .data(&folder)
        .start()
        .await
        .unwrap_err();
    assert!(
        second
            .to_string()
            .contains("another server uses this folder"),
        "{second}"
    );
    sim.shutdown().await;
    drop(sim);

    std::fs::write(folder.join("wats-sim.sqlite3"), "no database").unwrap();
    for name in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("wats-sim.sqlite3{name}")));
    }
    let broken = Simulator::builder()
        .data(&folder)
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(broken, Error::Data { .. }) && broken.to_string().contains("refused"),
        "{broken}"
    );
    let file = folder.join("wats-sim.sqlite3");
    assert!(matches!(
        Simulator::builder().data(&file).start().await,
        Err(Error::Data { .. })
    ));
}

#[cfg(feature = "cli")]
mod killed {
    //! The program, killed amidst submits.

    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpStream;
    use std::process::{Child, Command, Stdio};
    use std::sync::Mutex;

    use super::{folder, id};
    use crate::common::report;

    /// The running program and the address it listens on.
    fn run(folder: &std::path::Path) -> (Child, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_wats-sim"))
            .args(["--port", "0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("WATS_BASE_URL=http://")
            .unwrap()
            .to_owned();
        (program, address)
    }

    /// The status of an answer; none once the server is gone.
    fn ask(stream: &mut TcpStream, method: &str, path: &str, body: &str) -> Option<u16> {
        let token = wats_sim::DEFAULT_TOKEN;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        stream.read_exact(&mut body).ok()?;
        head.get(9..12).unwrap().parse().ok()
    }

    #[test]
    fn every_acknowledged_report_is_there_after_a_kill_amidst_a_thousand_submits() {
        let folder = folder("killed");
        let acknowledged = Mutex::new(Vec::new());
        let mut next = 0;
        for round in 1..=4 {
            let (mut program, address) = run(&folder);
            std::thread::scope(|scope| {
                let submits: Vec<_> = (0..4)
                    .map(|lane| {
                        let (address, acknowledged) = (&address, &acknowledged);
                        scope.spawn(move || {
                            let mut stream = TcpStream::connect(address).unwrap();
                            for n in (next + lane..next + 250).step_by(4) {
                                let body =
                                    report(&id(n), &format!("S{n}"), "P", "2026-01-30T22:01:41Z")
                                        .to_string();
                                match ask(&mut stream, "POST", "/api/Report/WSJF", &body) {
                                    Some(200) => acknowledged.lock().unwrap().push(n),
                                    Some(status) => panic!("{status}"),
                                    None => return,
                                }
                            }
                        })
                    })
                    .collect();
                // Amidst: after so many answers, wherever the server is then.
                while acknowledged.lock().unwrap().len() < next / 2 + 25 * round
                    && submits.iter().any(|submit| !submit.is_finished())
                {
                    std::thread::yield_now();
                }
                program.kill().unwrap();
            });
            program.wait().unwrap();
            next += 250;
        }

        let (mut program, address) = run(&folder);
        let mut stream = TcpStream::connect(&address).unwrap();
        let acknowledged = acknowledged.into_inner().unwrap();
        assert!(acknowledged.len() >= 100, "{}", acknowledged.len());
        for n in acknowledged {
            assert_eq!(
                ask(
                    &mut stream,
                    "GET",
                    &format!("/api/Report/Wsjf/{}", id(n)),
                    ""
                ),
                Some(200),
                "{n}"
            );
        }
        program.kill().unwrap();
        program.wait().unwrap();
    }
}
