//! Writing and reading one hundred small records, in each format that is always there.

use criterion::{Criterion, criterion_group, criterion_main};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use wats_codec::{Format, Serializer};

#[derive(Debug, Serialize, Deserialize)]
struct Measurement {
    name: String,
    value: f64,
    unit: String,
    passed: bool,
}
wats_codec::fast_serde!(Measurement);

fn codec(criterion: &mut Criterion) {
    let records: Vec<Measurement> = (0..100)
        .map(|n| Measurement {
            name: format!("Rail {n}"),
            value: f64::from(n) / 7.0,
            unit: "V".to_owned(),
            passed: n % 9 != 0,
        })
        .collect();
    for format in [Format::Json, Format::MessagePack, Format::JsonGzip] {
        let serializer = Serializer::new(format);
        criterion.bench_function(&format!("codec/{format:?}/write"), |bencher| {
            bencher.iter(|| serializer.to_vec(black_box(&records)));
        });
        let Ok(bytes) = serializer.to_vec(&records) else {
            continue;
        };
        criterion.bench_function(&format!("codec/{format:?}/read"), |bencher| {
            bencher.iter(|| serializer.from_slice::<Vec<Measurement>>(black_box(&bytes)));
        });
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
