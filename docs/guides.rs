//! The guides and the README at the root as doctests. A guide that has no code yet is here for when it gets some.

macro_rules! guides {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($file)]
            struct $name;
        )*
    };
}

guides! {
    Readme: "../README.md",
    Architecture: "architecture.md",
    Batching: "batching.md",
    Benchmarks: "benchmarks.md",
    Cache: "cache.md",
    Calls: "calls.md",
    Convert: "convert.md",
    Domains: "domains.md",
    Formats: "formats.md",
    Migrating: "migrating-from-pywats.md",
    Performance: "performance.md",
    Queue: "queue.md",
    Reports: "reports.md",
    Scaling: "scaling.md",
    Shared: "shared.md",
    Simulator: "simulator.md",
    Size: "size.md",
    Station: "station.md",
    Transport: "transport.md",
}
