//! Which machine this is, as far as it can be told without rights or tools.

use crate::row::Machine;
use std::process::Command;

/// Describes this machine; what cannot be found out reads `unknown`.
pub fn describe() -> Machine {
    Machine {
        cpu: cpu().unwrap_or_else(unknown),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        os: os(),
        rustc: first_line("rustc", &["--version"]).unwrap_or_else(unknown),
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn cpu() -> Option<String> {
    if cfg!(target_os = "linux") {
        let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = info.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    } else if cfg!(target_os = "macos") {
        first_line("sysctl", &["-n", "machdep.cpu.brand_string"])
    } else {
        std::env::var("PROCESSOR_IDENTIFIER").ok()
    }
}

fn os() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    match first_line("uname", &["-sr"]) {
        Some(kernel) => format!("{kernel} {arch}"),
        None => format!("{os} {arch}"),
    }
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}
