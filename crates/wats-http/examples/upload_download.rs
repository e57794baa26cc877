//! A report of some megabytes goes from a file to the server and back into a file, and is never whole in memory:
//!
//! ```text
//! cargo run -p wats-http --example upload_download
//! WATS_BASE_URL=… WATS_AUTH_TOKEN=… cargo run -p wats-http --example upload_download -- REPORT.json ID
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod server;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wats_http::{BodySource, Call, Client, Idempotency, Operation, TransferProgress, http::Method};

// A report overwrites the one with the same id, so that sending it twice is safe although it is a POST.
static SUBMIT: Operation = Operation::new(
    "report.submit",
    Method::POST,
    "/api/Report/WSJF",
    Idempotency::Idempotent,
);
static REPORT: Operation = Operation::new(
    "report.get",
    Method::GET,
    "/api/Report/Wsjf/{id}",
    Idempotency::Idempotent,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server::start(false).await?;
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .build()?;
    let folder = tempfile::tempdir()?;
    let (report, id) = given()?.map_or_else(|| made(folder.path()), Ok)?;

    // A file is opened anew by each try, so that a broken connection costs a try and not the call.
    let upload = Call::new(&SUBMIT)
        .stream(BodySource::file(&report), "application/json")
        .on_upload(tell("sent"));
    client.execute(upload).await?;

    let copy = folder.path().join("copy.json");
    let mut file = tokio::fs::File::create(&copy).await?;
    let download = client.download(Call::new(&REPORT).path("id", &id)).await?;
    let bytes = download
        .on_progress(tell("received"))
        .write_to(&mut file)
        .await?;
    println!(
        "{bytes} bytes came back, on {} connection(s)",
        client.pool_stats().dialled
    );
    if server.simulator.is_some() && std::fs::read(&report)? != std::fs::read(&copy)? {
        return Err("what came back is not what was sent".into());
    }
    Ok(())
}

/// Tells every megabyte.
fn tell(what: &'static str) -> impl Fn(TransferProgress) + Send + Sync {
    let told = AtomicU64::new(0);
    move |progress| {
        let megabytes = progress.bytes >> 20;
        if told.swap(megabytes, Relaxed) < megabytes {
            println!("{what} {} of {:?} bytes", progress.bytes, progress.total);
        }
    }
}

/// The report that was named, and its id.
fn given() -> Result<Option<(PathBuf, String)>, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        return Ok(None);
    };
    let id = arguments.next().ok_or("name the id of the report, too")?;
    Ok(Some((path.into(), id)))
}

/// A report with an attachment of four megabytes.
fn made(folder: &Path) -> Result<(PathBuf, String), Box<dyn Error>> {
    let id = "0191e7a4-27c3-4ad3-8d2e-aa9a3a0c0001";
    let noise: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(4 << 20)
        .collect();
    let report = serde_json::json!({
        "type": "T", "id": id, "pn": "PART-0001", "sn": "SN-1", "rev": "A", "processCode": 100, "result": "P",
        "machineName": "Station 7", "location": "Drammen", "purpose": "Example",
        "start": "2025-01-01T08:00:00+01:00", "startUTC": "2025-01-01T07:00:00Z",
        "uut": {"user": "Kari", "execTime": 1.5},
        "root": {"id": 0, "name": "Main", "group": "M", "stepType": "SequenceCall", "status": "P",
            "seqCall": {"path": "", "name": "main.seq", "version": "1"},
            "steps": [{"id": 1, "name": "Log", "group": "M", "stepType": "ET_A", "status": "P",
                "attachment": {"name": "log.bin", "contentType": "application/octet-stream", "data": noise}}]}
    });
    let path = folder.join("report.json");
    std::fs::write(&path, serde_json::to_vec(&report)?)?;
    Ok((path, id.to_owned()))
}
