//! What Linux tells of a process; `NaN` elsewhere.

/// How many bytes this process has had written to disks.
pub(super) fn written() -> f64 {
    let counters = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    number(&counters, "write_bytes:").unwrap_or(f64::NAN)
}

/// How many bytes of this process are resident now, and the most that were at one moment.
pub(super) fn resident() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |name| number(&status, name).map_or(f64::NAN, |kilobytes| kilobytes * 1024.0);
    (bytes("VmRSS:"), bytes("VmHWM:"))
}

fn number(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// How many bytes the files of a folder take, those of its folders among them.
pub(super) fn size_of(folder: &std::path::Path) -> std::io::Result<f64> {
    let mut size = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        size += if meta.is_dir() {
            size_of(&entry.path())?
        } else {
            meta.len() as f64
        };
    }
    Ok(size)
}
