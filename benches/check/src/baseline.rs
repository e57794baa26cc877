//! The stored counts, and what they hold for: a compiler, a target, a C library.

use crate::count::Costs;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use wats_bench_check::Result;

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// Version of this layout, [`SCHEMA`].
    pub(crate) schema: u32,
    #[serde(flatten)]
    pub(crate) build: Build,
    pub(crate) rows: Vec<Stored>,
}

/// Number of the layout that is read and written.
pub(crate) const SCHEMA: u32 = 1;

/// What counts depend on besides our own code. Allocations depend on the compiler's standard library and the target,
/// instructions also on the C library, whose allocator and copies run, and on the processor, by which both it and other
/// libraries choose among ways to do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Build {
    pub(crate) rustc: String,
    pub(crate) target: String,
    pub(crate) libc: String,
    pub(crate) cpu: String,
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<f64>,
    pub(crate) allocations: f64,
}

impl Build {
    /// That of the toolchain which is installed, and so most likely built this program.
    pub(crate) fn here() -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).arg("-vV").output()?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = |name: &str| {
            let found = told.lines().find_map(|line| line.strip_prefix(name));
            found
                .map(str::to_owned)
                .ok_or_else(|| format!("rustc -vV has no line {name}"))
        };
        Ok(Self {
            rustc: line("release: ")?,
            target: line("host: ")?,
            libc: libc(),
            cpu: cpu(),
        })
    }

    /// Why counts of that build say nothing about this one: of allocations, of instructions.
    pub(crate) fn differs(&self, other: &Self) -> [bool; 2] {
        let compiler = (&self.rustc, &self.target) != (&other.rustc, &other.target);
        let machine = (&self.libc, &self.cpu) != (&other.libc, &other.cpu);
        [compiler, compiler || machine]
    }
}

impl std::fmt::Display for Build {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rustc,
            target,
            libc,
            cpu,
        } = self;
        write!(f, "rustc {rustc}, {target}, {libc}, {cpu}")
    }
}

/// `glibc 2.39`; of others only that they are others.
fn libc() -> String {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    match told {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "not glibc".to_owned(),
    }
}

/// Maker and family, where the system tells them as Linux does.
fn cpu() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| {
        let line = told.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    match (value("vendor_id"), value("cpu family")) {
        (Some(maker), Some(family)) => format!("{maker} family {family}"),
        _ => "unknown processor".to_owned(),
    }
}

impl Baseline {
    /// What was counted here.
    pub(crate) fn of<'a>(build: Build, rows: impl IntoIterator<Item = (&'a str, Costs)>) -> Self {
        let stored = |(id, costs): (&str, Costs)| Stored {
            id: id.to_owned(),
            instructions: costs.instructions,
            allocations: costs.allocations,
        };
        Self {
            schema: SCHEMA,
            build,
            rows: rows.into_iter().map(stored).collect(),
        }
    }

    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file)
            .map_err(|error| format!("{}: {error}; --update writes a baseline", file.display()))?;
        let baseline: Self = serde_json::from_slice(&text)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        if baseline.schema == SCHEMA {
            Ok(baseline)
        } else {
            let other = baseline.schema;
            Err(format!("{}: schema {other}, not {SCHEMA}", file.display()).into())
        }
    }

    /// One line a row, so that a change of a row is a change of a line.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        std::fs::write(file, self.to_text()?)?;
        Ok(())
    }

    fn to_text(&self) -> Result<String> {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| Ok(format!("    {}", serde_json::to_string(row)?)))
            .collect::<Result<_>>()?;
        let Build {
            rustc,
            target,
            libc,
            cpu,
        } = &self.build;
        let word = |text: &str| serde_json::Value::from(text).to_string();
        Ok(format!(
            "{{\n  \"schema\": {},\n  \"rustc\": {},\n  \"target\": {},\n  \"libc\": {},\n  \"cpu\": {},\n  \"rows\": [\n{}\n  ]\n}}\n",
            self.schema,
            word(rustc),
            word(target),
            word(libc),
            word(cpu),
            rows.join(",\n")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> Build {
        Build {
            rustc: "1.0.0".into(),
            target: "a-b-c".into(),
            libc: "glibc \"1\"".into(),
            cpu: "a family 1".into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let costs = Costs {
            instructions: Some(12.5),
            allocations: 3.0,
        };
        let without = Costs::default();
        let baseline = Baseline::of(build(), [("a.b", costs), ("a.c", without)]);
        let text = baseline.to_text().unwrap();
        assert_eq!(serde_json::from_str::<Baseline>(&text).unwrap(), baseline);
        assert_eq!(
            text.lines().filter(|line| line.contains("\"id\"")).count(),
            2
        );
    }

    #[test]
    fn another_library_or_processor_makes_instructions_incomparable_and_another_compiler_all() {
        let (here, mut other) = (build(), build());
        assert_eq!(here.differs(&other), [false, false]);
        other.libc = "glibc 2".into();
        assert_eq!(here.differs(&other), [false, true]);
        other = build();
        other.cpu = "b family 1".into();
        assert_eq!(here.differs(&other), [false, true]);
        other.rustc = "1.0.1".into();
        assert_eq!(here.differs(&other), [true, true]);
    }
}
