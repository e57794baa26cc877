//! Archives that no writer made: bombs, tables without end, depth, every fault by its name.

use super::*;

#[test]
fn a_text_said_often_cannot_become_a_bomb() {
    let texts = vec!["x".repeat(5_000); 4_000];
    let bytes = codec().to_vec(&texts).unwrap();
    assert!(bytes.len() < 15_000);
    // Genuine data of 20 MB, though it expands more than a thousand times; a ratio, once the default,
    // refused it. It holds where it is asked for.
    let back: Vec<String> = codec().from_slice(&bytes).unwrap();
    assert_eq!(back, texts);
    let strict = codec().limits(Limits::default().max_ratio(200));
    let error = strict.from_slice::<Vec<String>>(&bytes).unwrap_err();
    assert!(matches!(error, Error::RatioTooHigh { .. }), "{error}");
    let limited = codec().limits(Limits::default().max_bytes(5 << 20));
    let error = limited
        .from_slice::<Serde<Vec<String>>>(&bytes)
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    // The default size, for a bomb that a writer with larger limits made.
    let wide = codec().limits(Limits::default().no_max_bytes());
    let bomb = wide.to_vec(&vec!["x".repeat(5_000); 14_000]).unwrap();
    assert!(bomb.len() < 50_000);
    let error = codec().from_slice::<Vec<String>>(&bomb).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_list_of_nothing_cannot_become_a_bomb() {
    // 2^40 nulls, which take no space.
    let bytes = archive([
        section![0],
        section![0],
        Vec::new(),
        section![0],
        section![1 << 41, b"\x00"],
        section![b"\x0c"],
    ]);
    for error in [
        codec().from_slice::<Vec<Option<u8>>>(&bytes).unwrap_err(),
        codec()
            .from_slice::<Serde<Value>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap_err(),
    ] {
        assert!(error.is_limit(), "{error}");
    }
}

/// Tables of the most entries that fit into `size` bytes: keys, texts, shapes, entries of a shape.
fn largest_tables(size: usize) -> [Vec<u8>; 4] {
    let table = |count: usize, entry: &[u8]| {
        let mut section = section![count];
        section.extend(entry.repeat(count));
        section
    };
    let empty = table(size, b"\x03");
    let no_entries = table(size, b"\x01");
    let mut shape = section![1];
    shape.extend(table(size / 2, b"\x01\x00"));
    let none = || section![0];
    let of = |keys, texts, shapes| {
        let (frames, values) = (Vec::new(), section![b"\x00"]);
        archive([keys, texts, Vec::new(), shapes, frames, values])
    };
    [
        of(empty.clone(), none(), none()),
        of(none(), empty, none()),
        of(none(), none(), no_entries),
        of(section![1, 2, b"a"], none(), shape),
    ]
}

#[test]
fn hostile_tables_take_bounded_memory() {
    const SIZE: usize = 4 << 20;
    let reader = codec().limits(Limits::default().max_bytes(SIZE));
    for (table, bytes) in largest_tables(SIZE - 64).iter().enumerate() {
        let mut refused = false;
        let counted = allocation_counter::measure(|| {
            let fast = reader.from_slice::<Value>(bytes).err();
            let plain = reader
                .from_slice::<Serde<Value>>(bytes)
                .map(|Serde(it)| it)
                .err();
            refused = [fast, plain]
                .iter()
                .all(|error| matches!(error, Some(Error::TooLarge { limit: SIZE, .. })));
        });
        // The entries of shapes take no more memory than they may, however many there are.
        assert_eq!(refused, table < 3, "table {table}");
        assert!(
            counted.bytes_max < 5 * SIZE as u64,
            "table {table}: {} bytes",
            counted.bytes_max
        );
    }
}

#[test]
fn many_different_short_texts_and_keys_stay_within_the_room_for_tables() {
    // As short as texts that differ can be: the most entries that a genuine document comes to.
    let map: std::collections::BTreeMap<String, String> = (0..60_000)
        .map(|n| (format!("{n:x}"), format!("{n:x}")))
        .collect();
    let bytes = codec().to_vec(&Serde(&map)).unwrap();
    let reader = codec().limits(Limits::default().max_bytes(bytes.len()));
    let back: std::collections::BTreeMap<String, String> =
        reader.from_slice(&bytes).map(|Serde(it)| it).unwrap();
    assert_eq!(back, map);
}

#[test]
fn depth_is_limited_in_both_directions() {
    let tower = |levels: usize| (0..levels).fold(json!(1), |inside, _| json!([inside]));
    let bytes = codec().to_vec(&Serde(&tower(127))).unwrap();
    assert_eq!(
        codec()
            .from_slice::<Serde<Value>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap(),
        tower(127)
    );
    assert!(codec().to_vec(&Serde(&tower(128))).unwrap_err().is_limit());
    assert!(codec().to_vec(&tower(128)).unwrap_err().is_limit());
    let shallow = codec().limits(Limits::default().max_depth(126));
    match shallow
        .from_slice::<Serde<Value>>(&bytes)
        .map(|Serde(it)| it)
        .unwrap_err()
    {
        Error::TooDeep { limit: 126, .. } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn faults_are_named() {
    let good = codec().to_vec(&Serde(&json!({"a": [1, "x"]}))).unwrap();
    let read = |bytes: &[u8]| {
        codec()
            .from_slice::<Serde<Value>>(bytes)
            .map(|Serde(it)| it)
            .unwrap_err()
    };

    // None of the earlier ones was released.
    for version in [0, 1, 2, 3, 5, 255] {
        let mut other = good.clone();
        other[3] = version;
        let reason = format!("version {version}: this build reads version 4");
        let error = read(&other).to_string();
        assert!(error.contains(&reason), "{error}");
        let error = codec().from_slice::<Value>(&other).unwrap_err().to_string();
        assert!(error.contains(&reason), "{error}");
    }

    let mut damaged = good.clone();
    let last = damaged.len() - 5;
    damaged[last] ^= 1;
    assert!(matches!(read(&damaged), Error::Checksum { .. }));

    let longer = [&good[..], b"x"].concat();
    match read(&longer) {
        Error::TrailingBytes { at, .. } => assert_eq!(at, Position::Offset(good.len())),
        other => panic!("{other}"),
    }
    let of = |shapes, values| {
        let none = || section![0];
        archive([none(), none(), Vec::new(), shapes, Vec::new(), values])
    };
    let surplus = of(section![0], section![b"\x00\x00"]);
    assert!(read(&surplus).to_string().contains("belong to nothing"));
    let broken = of(section![1, 1, 5, b"\x00"], section![b"\x00"]);
    assert!(matches!(read(&broken), Error::Syntax { .. }));
}
