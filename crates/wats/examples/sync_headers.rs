//! Keeps a file of report headers up to date, one JSON object a line:
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example sync_headers -- headers.jsonl
//! ```
//!
//! The file itself says where to go on: at the `timeStamp` of its last line. So rows and place are always written
//! together, and the program may be stopped at any moment: a line that was not written to its end is dropped and read
//! again.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

use wats::report::Cursor;
use wats::{HeaderQuery, ReportHeader, Wats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("name the file to keep up to date")?;
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    let cursor = end_of(&mut file)?;
    println!("going on: {cursor}");

    let wats = Wats::from_env()?;
    let mut news = wats.report().since(cursor, &HeaderQuery::default());
    let mut lines = BufWriter::new(file);
    while let Some(page) = news.next_page().await? {
        for header in &page {
            serde_json::to_writer(&mut lines, header)?;
            lines.write_all(b"\n")?;
        }
        lines.flush()?;
        lines.get_ref().sync_data()?;
        println!("{} more, {}", page.len(), news.cursor());
    }
    Ok(())
}

/// The place behind the last whole line; what follows it is cut off.
fn end_of(file: &mut File) -> Result<Cursor, Box<dyn Error>> {
    let mut reader = BufReader::new(&mut *file);
    let (mut cursor, mut whole) = (Cursor::START, 0);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.ends_with(b"\n") {
            let header: ReportHeader = serde_json::from_slice(&line)?;
            let time_stamp = header.time_stamp.ok_or("a line has no timeStamp")?;
            cursor = Cursor::after(time_stamp);
            whole += line.len() as u64;
        }
        line.clear();
    }
    file.set_len(whole)?;
    file.seek(SeekFrom::Start(whole))?;
    Ok(cursor)
}
