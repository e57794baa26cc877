//! Codecs: bytes and time of writing and reading reports.
//!
//! Four sets of data: 100 WSJF-like reports of about 260 KB of JSON, reports as a server exports them, one long report, and
//! the reference's own demonstration; a report of 100 000 steps is read and written once more. The subject is the report model of the SDK through `wats-codec`, what a user of `wats`
//! has; its plain `serde` way stands among the peers, and so does `serde_json` in every row, on derived models of the same
//! content: the ratios to it are the goals. What reading makes is dropped within the time, for everybody, in the rows `de`; in the rows
//! `de_kept` outside of it, beside the time of cloning the value: memory for all that is owned must be
//! had by either.

mod exports;
mod live;
mod reports;
mod wsjf;

use crate::spec::{Context, RowSpec};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::LazyCell;
use std::hint::black_box;
use std::io::{Read, Write};
use std::rc::Rc;
use tempfile::NamedTempFile;
use wats_codec::{Format, Serde, Serializer, fast};
use wats_domains::report::Report;

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    let (few, large, demo) = (
        reports::reports(100, 7),
        reports::reports(1, 2000),
        reports::demo(),
    );
    add::<Report, _>(&mut rows, ctx, "codec", "100 reports", few);
    let what = "4 reports of 281 steps as a server exports them";
    add::<Report, _>(&mut rows, ctx, "codec.export", what, exports::exports(4));
    rows.push(longest_row(ctx));
    add::<Report, _>(
        &mut rows,
        ctx,
        "codec.large",
        "one report of 2000 steps",
        large,
    );
    let what = "the reference's demonstration, a user's own model";
    add::<reports::DemoReport, _>(&mut rows, ctx, "codec.demo", what, demo);
    rows.extend(wsjf::rows(ctx));
    rows.extend(live::rows(ctx));
    rows
}

/// What is measured: a model of the SDK.
trait Model: Clone + fast::Encode + fast::Decode + 'static {}
impl<M: Clone + fast::Encode + fast::Decode + 'static> Model for M {}

/// What one would write by hand in its place.
trait Derived: Serialize + DeserializeOwned + 'static {}
impl<T: Serialize + DeserializeOwned + 'static> Derived for T {}

/// The data in both, and the peers' documents.
struct Set<M, T> {
    ours: Vec<M>,
    value: Vec<T>,
    json: Vec<u8>,
    msgpack: Vec<u8>,
    /// The JSON for the Python peer; removed with the rows.
    file: Option<NamedTempFile>,
}

type Shared<M, T> = Rc<Set<M, T>>;

fn add<M: Model, T: Derived>(
    rows: &mut Vec<RowSpec>,
    ctx: &Context,
    area: &str,
    what: &str,
    value: Vec<T>,
) {
    let json = serde_json::to_vec(&value).unwrap_or_default();
    let msgpack = rmp_serde::to_vec_named(&value).unwrap_or_default();
    let note = format!(
        "{what}, {} bytes of JSON, the SDK's model, the peers' derived",
        json.len()
    );
    let levels = format!("{note}; gzip of level {GZIP}, pywats 9");
    let file = NamedTempFile::new().and_then(|mut file| {
        file.write_all(&json)?;
        Ok(file)
    });
    let set = Rc::new(Set {
        ours: serde_json::from_slice::<Vec<M>>(&json).unwrap_or_default(),
        file: file.ok(),
        value,
        json,
        msgpack,
    });
    for format in [
        Format::Json,
        Format::MessagePack,
        Format::JsonGzip,
        Format::JsonZstd,
        Format::Archive,
    ] {
        let name = format.name().replace('-', "_");
        let id = |what: &str| format!("{area}.{name}.{what}");
        let note = if format == Format::JsonGzip {
            &levels
        } else {
            &note
        };
        rows.push(write_row(ctx, &id("ser"), note, &set, format));
        rows.push(read_row(ctx, &id("de"), note, &set, format));
        rows.push(size_row(ctx, &id("size"), note, &set, format));
    }
    if matches!(area, "codec" | "codec.export") {
        for format in [Format::Json, Format::MessagePack, Format::Archive] {
            let id = format!("{area}.{}.de_kept", format.name());
            rows.push(kept_row(ctx, &id, &note, &set, format));
        }
    }
}

/// A report of 100 000 steps, which is made when its row is run.
fn longest_row(ctx: &Context) -> RowSpec {
    let set = Rc::new(LazyCell::new(|| {
        let theirs = reports::reports(1, 100_000);
        let json = serde_json::to_vec(&theirs).unwrap_or_default();
        let ours = serde_json::from_slice::<Vec<Report>>(&json).unwrap_or_default();
        (ours, theirs)
    }));
    let codec = Serializer::new(Format::MessagePack);
    let (mut timer, mut theirs, value) = (ctx.timer(), ctx.timer(), Rc::clone(&set));
    RowSpec::new("codec.steps_100000.msgpack.ser_de")
        .unit("µs/op")
        .note(
            "one report of 100 000 steps, written and read; serde_json on derived models, in JSON",
        )
        .subject("wats-codec", move || {
            let op = || codec.from_slice::<Vec<Report>>(&codec.to_vec(black_box(&set.0))?);
            Ok(timer.ns_per_op(op) / 1000.0)
        })
        .peer("serde_json", move || {
            let op = || {
                let json = serde_json::to_vec(black_box(&value.1))?;
                serde_json::from_slice::<Vec<reports::Report>>(&json)
            };
            Ok(theirs.ns_per_op(op) / 1000.0)
        })
}

/// Reading alone: what is read is dropped outside the time.
fn kept_row<M: Model, T: Derived>(
    ctx: &Context,
    id: &str,
    note: &str,
    set: &Shared<M, T>,
    format: Format,
) -> RowSpec {
    let codec = Serializer::new(format);
    let document = codec.to_vec(&set.ours).unwrap_or_default();
    let (mut ours, mut theirs, mut floor) = (ctx.timer(), ctx.timer(), ctx.timer());
    let (json, value) = (Rc::clone(set), Rc::clone(set));
    RowSpec::new(id)
        .unit("µs/op")
        .note(&format!("{note}; dropped outside the time"))
        .subject("wats-codec", move || {
            let op = || codec.from_slice::<Vec<M>>(black_box(&document));
            Ok(ours.ns_per_op_kept(op) / 1000.0)
        })
        .peer("serde_json", move || {
            let op = || serde_json::from_slice::<Vec<T>>(black_box(&json.json));
            Ok(theirs.ns_per_op_kept(op) / 1000.0)
        })
        .peer("clone of the value", move || {
            Ok(floor.ns_per_op_kept(|| black_box(&value.ours).clone()) / 1000.0)
        })
}

/// A candidate that repeats `op` on the set.
fn peer<M: Model, T: Derived, R>(
    row: RowSpec,
    ctx: &Context,
    name: &str,
    set: &Shared<M, T>,
    op: impl Fn(&Set<M, T>) -> R + 'static,
) -> RowSpec {
    let (mut timer, set) = (ctx.timer(), Rc::clone(set));
    row.peer(name, move || {
        Ok(timer.ns_per_op(|| op(black_box(&set))) / 1000.0)
    })
}

/// The same with a document made beforehand.
fn peer_of<R>(
    row: RowSpec,
    ctx: &Context,
    name: &str,
    document: Vec<u8>,
    op: impl Fn(&[u8]) -> R + 'static,
) -> RowSpec {
    let mut timer = ctx.timer();
    row.peer(name, move || {
        Ok(timer.ns_per_op(|| op(black_box(&document))) / 1000.0)
    })
}

fn write_row<M: Model, T: Derived>(
    ctx: &Context,
    id: &str,
    note: &str,
    set: &Shared<M, T>,
    format: Format,
) -> RowSpec {
    let codec = Serializer::new(format).compress_threshold(0);
    let (mut timer, own, mut buffer) = (ctx.timer(), Rc::clone(set), Vec::new());
    let mut row = RowSpec::new(id)
        .unit("µs/op")
        .note(note)
        .subject("wats-codec", move || {
            Ok(timer.ns_per_op(|| {
                let written = codec.to_buffer(black_box(&own.ours), &mut buffer);
                black_box(&buffer);
                written
            }) / 1000.0)
        });
    row = peer(row, ctx, "wats-codec, serde", set, move |set| {
        codec.to_vec(&Serde(&set.ours))
    });
    row = peer(row, ctx, "serde_json", set, |set| {
        serde_json::to_vec(&set.value)
    });
    match format {
        Format::Json => {
            row = peer(row, ctx, "sonic-rs", set, |set| {
                sonic_rs::to_vec(&set.value)
            });
        }
        Format::MessagePack => {
            row = peer(row, ctx, "rmp-serde", set, |set| {
                rmp_serde::to_vec_named(&set.value)
            });
        }
        Format::JsonGzip => {
            row = peer(row, ctx, "serde_json + flate2", set, |set| gzip(&set.value));
        }
        _ => {}
    }
    python(row, ctx, set, format, "ser")
}

fn read_row<M: Model, T: Derived>(
    ctx: &Context,
    id: &str,
    note: &str,
    set: &Shared<M, T>,
    format: Format,
) -> RowSpec {
    let codec = Serializer::new(format).compress_threshold(0);
    let document = codec.to_vec(&set.ours).unwrap_or_default();
    let (mut timer, own) = (ctx.timer(), document.clone());
    let mut row = RowSpec::new(id)
        .unit("µs/op")
        .note(note)
        .subject("wats-codec", move || {
            Ok(timer.ns_per_op(|| codec.from_slice::<Vec<M>>(black_box(&own))) / 1000.0)
        });
    row = peer_of(
        row,
        ctx,
        "wats-codec, serde",
        document.clone(),
        move |bytes| codec.from_slice::<Serde<Vec<M>>>(bytes),
    );
    row = peer(row, ctx, "serde_json", set, |set| {
        serde_json::from_slice::<Vec<T>>(&set.json)
    });
    match format {
        Format::Json => {
            row = peer(row, ctx, "sonic-rs", set, |set| {
                sonic_rs::from_slice::<Vec<T>>(&set.json)
            });
        }
        Format::MessagePack => {
            row = peer(row, ctx, "rmp-serde", set, |set| {
                rmp_serde::from_slice::<Vec<T>>(&set.msgpack)
            });
        }
        Format::JsonGzip => {
            row = peer_of(row, ctx, "serde_json + flate2", document, |bytes| {
                let mut text = Vec::new();
                GzDecoder::new(bytes).read_to_end(&mut text)?;
                Ok::<Vec<T>, std::io::Error>(serde_json::from_slice(&text)?)
            });
        }
        _ => {}
    }
    python(row, ctx, set, format, "de")
}

fn size_row<M: Model, T: Derived>(
    ctx: &Context,
    id: &str,
    note: &str,
    set: &Shared<M, T>,
    format: Format,
) -> RowSpec {
    let (own, data) = (Rc::clone(set), Rc::clone(set));
    let row = RowSpec::new(id)
        .unit("bytes")
        .note(note)
        .once()
        .subject("wats-codec", move || {
            let codec = Serializer::new(format).compress_threshold(0);
            Ok(codec.to_vec(&data.ours)?.len() as f64)
        });
    let json = set.json.len() as f64;
    let row = row.peer("serde_json", move || Ok(json));
    let row = match format {
        Format::MessagePack => {
            let msgpack = set.msgpack.len() as f64;
            row.peer("rmp-serde", move || Ok(msgpack))
        }
        Format::JsonGzip => {
            let set = Rc::clone(set);
            row.peer("serde_json + flate2", move || {
                Ok(gzip(&set.value)?.len() as f64)
            })
        }
        _ => row,
    };
    python(row, ctx, &own, format, "size")
}

/// The level of both sides.
const GZIP: u32 = Serializer::DEFAULT_GZIP_LEVEL;

/// The whole path as one would write it by hand.
fn gzip<T: Serialize>(value: &[T]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP));
    encoder.write_all(&serde_json::to_vec(value)?)?;
    encoder.finish()
}

/// The reference's serializer on the same data, where it has the format.
fn python<M, T>(
    row: RowSpec,
    ctx: &Context,
    set: &Set<M, T>,
    format: Format,
    what: &str,
) -> RowSpec {
    let path = set.file.as_ref().and_then(|file| file.path().to_str());
    match (format, path) {
        (Format::Json | Format::MessagePack | Format::JsonGzip, Some(path)) => {
            let script = include_str!("../../../python/codec.py");
            row.peer_python(ctx, script, &[path, format.name(), what])
        }
        _ => row,
    }
}
