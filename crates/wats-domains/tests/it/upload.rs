//! Reports with large attachments on their way to a server: exact, repeatable, and never in memory as a whole.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use uuid::Uuid;
use wats_domains::report::{Attachment, AttachmentKey, Station, SubmitOptions, Unit};
use wats_domains::{UutReport, Wats};
use wats_sim::{Fault, Simulator};

use crate::report_common::start;

const WSJF: &str = "/api/Report/WSJF";

fn report(files: &[&Path]) -> UutReport {
    UutReport::builder(
        Unit {
            part_number: "PCBA-001",
            serial_number: "SN-42",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    })
    .operator("Kari")
    .steps(|root| {
        for (n, path) in files.iter().enumerate() {
            let file = Attachment::from_path(path).unwrap().content_type("a/b");
            root.attachment(format!("File {n}"), file);
        }
    })
    .build()
    .unwrap()
}

/// Bytes that repeat late.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn what_is_streamed_arrives_exactly_also_when_it_is_repeated() {
    let (sim, api) = start(Simulator::builder()).await;
    let folder = tempfile::tempdir().unwrap();
    let (small, large) = (folder.path().join("small"), folder.path().join("large"));
    fs::write(&small, noise(5_000)).unwrap();
    fs::write(&large, noise(1_000_001)).unwrap();
    for files in [vec![small.as_path()], vec![&small, &large]] {
        let report = report(&files);
        sim.inject(Fault::store_then_drop().route("POST", WSJF));
        sim.inject(Fault::status(503).route("POST", WSJF));
        let submitted = api.report().submit(&report).await.unwrap();
        let stored = sim.report_bytes(&submitted.id.to_string()).unwrap();
        assert_eq!(stored, serde_json::to_vec(report.report()).unwrap());
        let header = &api.report().attachments(submitted.id).await.unwrap()[files.len() - 1];
        let key = AttachmentKey::Step(header.step_id.unwrap());
        let read = api.report().attachment(submitted.id, key).await.unwrap();
        assert_eq!(read.contents, fs::read(files[files.len() - 1]).unwrap());
    }
    assert_eq!(sim.pending_faults(), 0);
}

#[tokio::test]
async fn a_file_that_changes_is_an_error_and_not_another_report() {
    let (sim, api) = start(Simulator::builder()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.bin");
    for length in [5_000, 1_000_000] {
        fs::write(&path, noise(length)).unwrap();
        let report = report(&[&path]);
        fs::write(&path, noise(length + 1)).unwrap();
        let error = api.report().submit(&report).await.unwrap_err();
        assert!(format!("{error:#}").contains("has changed"), "{error:#}");
        assert!(sim.report(&report.id().to_string()).is_none());
    }
}

/// A server that reads a request, drops what it reads, and answers that it has this report.
fn sink(id: Uuid) -> (String, thread::JoinHandle<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let length: u64 = length.split("\r\n").next().unwrap().parse().unwrap();
        let read = std::io::copy(&mut (&mut stream).take(length), &mut std::io::sink()).unwrap();
        stream
            .write_all(
                format!("HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n{{\"ID\":\"{id}\"}}")
                    .as_bytes(),
            )
            .unwrap();
        read
    });
    (address, server)
}

#[test]
fn a_hundred_megabytes_are_never_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..10).map(|n| folder.path().join(n.to_string())).collect();
    for path in &paths {
        fs::File::create(path).unwrap().set_len(10_000_000).unwrap();
    }
    let report = report(
        &paths
            .iter()
            .map(std::path::PathBuf::as_path)
            .collect::<Vec<_>>(),
    );
    let (address, server) = sink(report.id());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // What other threads make of the files comes here in pieces; a whole would be put together here.
    let memory = allocation_counter::measure(|| {
        runtime.block_on(async {
            let client = wats_http::Client::builder()
                .base_url(&address)
                .token("dTpw")
                .build()
                .unwrap();
            let api = Wats::from(client);
            let long = wats_http::Timeouts::default().total(std::time::Duration::from_secs(3_600));
            let options = SubmitOptions::default().timeouts(long);
            api.report().submit_with(&report, &options).await.unwrap();
        });
    });
    assert!(server.join().unwrap() > 133_000_000);
    assert!(memory.bytes_max < 8_000_000, "{}", memory.bytes_max);
}
