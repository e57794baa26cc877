//! Memory: counted allocations, for rows marked [`counts_memory`](crate::spec::RowSpec::counts_memory), and the peak of
//! resident memory of a child process.
//!
//! The rows that count run in the binary `wats-bench-memory`, the only one whose allocator counts. It counts the
//! allocations *of the calling thread*: work that should be counted belongs on one thread, async work on a
//! current-thread runtime. A growing buffer counts as a new allocation, with old and new alive for a moment.

use crate::Result;
use std::sync::OnceLock;

/// What a piece of work allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Calls of the allocator.
    pub allocations: u64,
    /// Bytes asked for in all.
    pub bytes: u64,
    /// Bytes still alive at the end; negative when more was freed than taken.
    pub live: i64,
    /// Most bytes alive at one moment.
    pub peak: u64,
}

/// Runs the work given and counts.
pub type Counter = fn(&mut dyn FnMut()) -> Counted;

static COUNTER: OnceLock<Counter> = OnceLock::new();

/// Installs the counter of the counting binary.
pub(crate) fn install(counter: Counter) {
    // The second of two calls would install the same function.
    let _ = COUNTER.set(counter);
}

/// Runs `work` and returns what it yields with what it allocated.
///
/// # Errors
/// Outside `wats-bench-memory`: the row lacks `counts_memory()`.
pub fn count<T>(work: impl FnOnce() -> T) -> Result<(T, Counted)> {
    let counter = COUNTER.get().ok_or(
        "allocations are counted in wats-bench-memory only: mark the row with counts_memory()",
    )?;
    let mut work = Some(work);
    let mut value = None;
    let counted = counter(&mut || value = work.take().map(|work| work()));
    let value = value.ok_or("the counter did not run the work")?;
    Ok((value, counted))
}

/// Whether [`resident_peak`] is known on this system.
pub const RESIDENT_PEAK: bool = cfg!(target_os = "linux");

/// Most bytes of a running process that were resident at one moment since it began; `None` where the system is not Linux
/// or does not tell.
///
/// This is `VmHWM`, which begins anew with the program. `ru_maxrss` of `getrusage` would not do: a child begins with that
/// of the process that started it.
pub fn resident_peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_process_is_told_where_it_is_known() {
        // Written to, so that it is resident.
        let taken = std::hint::black_box(vec![1_u8; 32 << 20]);
        let peak = resident_peak(std::process::id());
        drop(taken);
        assert_eq!(peak.is_some(), RESIDENT_PEAK);
        assert!(
            peak.is_none_or(|peak| peak > f64::from(32 << 20)),
            "{peak:?}"
        );
        assert_eq!(resident_peak(u32::MAX), None);
    }
}
