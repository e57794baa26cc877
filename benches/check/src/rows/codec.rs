//! The SDK's own models through the codec: 100 reports of ten steps made by the builder, and 1000 headers.

use super::{Row, Work, domains::report, row};
use std::hint::black_box;
use wats_bench_check::Result;
use wats_codec::{Format, Serializer};
use wats_domains::report::{Report, ReportHeader};

pub(super) const ROWS: &[Row] = &[
    row("codec.json.ser", [1, 10], |_| write(Format::Json)),
    row("codec.json.de", [1, 5], |_| read(Format::Json)),
    row("codec.msgpack.ser", [1, 10], |_| write(Format::MessagePack)),
    row("codec.msgpack.de", [1, 5], |_| read(Format::MessagePack)),
    row("codec.archive.ser", [1, 5], |_| write(Format::Archive)),
    row("codec.archive.de", [1, 5], |_| read(Format::Archive)),
    row("codec.json_gzip.ser", [1, 2], |_| write(Format::JsonGzip)),
    row("codec.json_gzip.de", [1, 5], |_| read(Format::JsonGzip)),
    row("codec.headers_1000.de", [1, 5], |_| headers()),
];

fn codec(format: Format) -> Serializer {
    Serializer::new(format).compress_threshold(0)
}

fn reports() -> Result<Vec<Report>> {
    (0..100)
        .map(|number| Ok(report(number)?.into_report()))
        .collect()
}

fn write(format: Format) -> Result<Work> {
    let (codec, reports, mut buffer) = (codec(format), reports()?, Vec::new());
    Ok(Box::new(move |times| {
        for _ in 0..times {
            codec.to_buffer(black_box(&reports), &mut buffer)?;
            black_box(&buffer);
        }
        Ok(())
    }))
}

fn read(format: Format) -> Result<Work> {
    let codec = codec(format);
    let document = codec.to_vec(&reports()?)?;
    Ok(Box::new(move |times| {
        for _ in 0..times {
            black_box(codec.from_slice::<Vec<Report>>(black_box(&document))?);
        }
        Ok(())
    }))
}

/// As the server lists them: every column but the lists, those without a value as `null`.
fn headers() -> Result<Work> {
    let headers: Vec<String> = (0..1000)
        .map(|n| {
            format!(
                r#"{{"uuid":"0d3f7c1e-55a1-4c55-9d3e-{n:012}","reportType":"T","serialNumber":"SN-{n:05}",
                "partNumber":"PART-0001","revision":"A","start":"2026-01-30T21:01:41.47Z","result":"Passed",
                "batchNumber":null,"stationName":"Station 1","location":"Here","purpose":"Test","userName":"operator",
                "processCode":100,"processName":"ICT","comment":null,"executionTime":1.5,"swFilename":"main.seq",
                "swVersion":"1.0","testSocketIndex":null,"fixtureId":null,"errorCode":0,"errorMessage":null,"run":1,
                "passedInRun":1,"causedUutFailure":null,"causedUutFailurePath":null,"referencedUut":null,
                "measuresDeleted":false,"timeStamp":{n},"receiveCount":1,"reportSize":12}}"#
            )
            .replace("\n                ", "")
        })
        .collect();
    let document = format!("[{}]", headers.join(","));
    let codec = codec(Format::Json);
    Ok(Box::new(move |times| {
        for _ in 0..times {
            black_box(codec.from_slice::<Vec<ReportHeader>>(black_box(document.as_bytes()))?);
        }
        Ok(())
    }))
}
