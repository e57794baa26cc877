//! Appends records to a stream one by one and reads them back one by one, with progress.
//!
//! `cargo run -p wats-codec --example records`

use std::io::Write;

use wats_codec::{Format, Framing, RecordReader, RecordWriter, Serializer};

fn main() -> Result<(), wats_codec::Error> {
    let codec = Serializer::new(Format::MessagePack);
    let mut writer = RecordWriter::new(codec, Framing::LengthPrefixed, Vec::new())?;
    for number in 0..1000u32 {
        writer.write(&(format!("SN-{number:06}"), number % 50 != 0))?;
    }
    let progress = writer.progress();
    let file = writer.into_inner();

    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} records in {} bytes",
        progress.records, progress.bytes
    )?;
    let mut failed = 0;
    for record in RecordReader::<_, (String, bool)>::new(codec, Framing::LengthPrefixed, &file[..])
    {
        let (_serial, passed) = record?;
        failed += usize::from(!passed);
    }
    writeln!(out, "{failed} units failed")?;
    Ok(())
}
