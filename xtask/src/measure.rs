//! `cargo xtask measure`: the figures of `docs/size.md`, counted and measured here and now.
//!
//! A code line is a line of `src` that is neither blank nor only a comment, outside of what `cfg(test)` or `cfg(wats_loom)`
//! stands before. Files of tests alone (`tests.rs`, `*_tests.rs`) are not counted.

use crate::process::{self, Error};
use crate::terminal::say;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also build the program of the README from cold, twice, and `wats` as it is given out: minutes.
    #[arg(long)]
    build: bool,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Error> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    say(&format!(
        "packages of the default build: {}",
        packages(&root)?
    ));
    let (mut lines, mut programs) = (0, 0);
    for folder in folders(&root.join("crates"))? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let mut own = 0;
        for file in sources(&folder.join("src"))? {
            own += code_lines(&read(&file)?);
        }
        lines += own;
        let tests = test_programs(&folder.join("tests"));
        programs += tests;
        say(&format!(
            "{name:<18} {own:>6} code lines, {tests} test programs"
        ));
    }
    say(&format!(
        "{:<18} {lines:>6} code lines, {programs} test programs",
        "all crates"
    ));
    if options.build {
        build(&root)?;
        given_out(&root)?;
    } else {
        say("build times and sizes: cargo xtask measure --build");
    }
    Ok(ExitCode::SUCCESS)
}

/// The packages that a program with the facade's default features builds, those of this workspace included.
fn packages(root: &Path) -> Result<usize, Error> {
    let output = process::cargo()
        .current_dir(root)
        .args(["tree", "-p", "wats", "-e", "no-dev", "--prefix", "none"])
        .args(["--format", "{p}"])
        .output()
        .map_err(|error| format!("cannot start cargo tree: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    Ok(names.len())
}

/// Builds the program of the README in a folder of its own, with the versions of our lock file.
fn build(root: &Path) -> Result<(), Error> {
    let folder = std::env::temp_dir().join(format!("wats-measure-{}", std::process::id()));
    let measured = build_in(root, &folder);
    let _ = fs::remove_dir_all(&folder);
    measured
}

fn build_in(root: &Path, folder: &Path) -> Result<(), Error> {
    let readme = read(&root.join("README.md"))?;
    let program = first_program(&readme).ok_or_else(|| "README.md has no program".to_owned())?;
    let facade = root.join("crates").join("wats");
    // A string of TOML that knows no escapes: paths of Windows have backslashes.
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         wats = {{ path = '{}' }}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n",
        facade.display()
    );
    let written = fs::create_dir_all(folder.join("src"))
        .and_then(|()| fs::write(folder.join("Cargo.toml"), manifest))
        .and_then(|()| fs::write(folder.join("src").join("main.rs"), program))
        .and_then(|()| fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")));
    written.map_err(|error| format!("{}: {error}", folder.display()))?;
    // Downloads are not part of a build.
    timed(folder, &["fetch"])?;
    let dev = timed(folder, &["build"])?;
    let release = timed(folder, &["build", "--release"])?;
    let strip = [
        "build",
        "--release",
        "--config",
        "profile.release.strip=true",
    ];
    timed(folder, &strip)?;
    let program = folder.join("target").join("release");
    let program = program.join(format!("program{}", std::env::consts::EXE_SUFFIX));
    let size = size(&program)?;
    say(&format!("cold build, dev: {dev:.0} s"));
    say(&format!("cold build, release: {release:.0} s"));
    say(&format!("stripped: {:.1} MB", size / 1e6));
    Ok(())
}

/// The program `wats` as it is given out: its size, and how long it takes to start, to say its version and to end.
fn given_out(root: &Path) -> Result<(), Error> {
    const RUNS: usize = 20;
    timed(root, &["build", "--profile", "dist", "-p", "wats-cli"])?;
    let program = root.join("target").join("dist");
    let program = program.join(format!("wats{}", std::env::consts::EXE_SUFFIX));
    let size = size(&program)?;
    let mut starts = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        let run = Command::new(&program).arg("--version").output();
        run.map_err(|error| format!("{}: {error}", program.display()))?;
        starts.push(start.elapsed().as_secs_f64() * 1e3);
    }
    starts.sort_by(f64::total_cmp);
    let (least, median) = (starts[0], starts[RUNS / 2]);
    say(&format!("program wats: {:.1} MB", size / 1e6));
    say(&format!(
        "start of wats: {median:.1} ms, at least {least:.1} ms, of {RUNS} runs"
    ));
    Ok(())
}

fn size(file: &Path) -> Result<f64, Error> {
    let about = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(about.len() as f64)
}

fn timed(folder: &Path, arguments: &[&str]) -> Result<f64, Error> {
    let mut command: Command = process::cargo();
    command
        .current_dir(folder)
        .args(arguments)
        .arg("--quiet")
        .env_remove("CARGO_TARGET_DIR");
    let start = Instant::now();
    if !process::status(&mut command)?.success() {
        return Err(format!("cargo {} failed", arguments.join(" ")).into());
    }
    Ok(start.elapsed().as_secs_f64())
}

/// The first block of Rust in a document.
fn first_program(document: &str) -> Option<String> {
    let mut lines = document
        .lines()
        .skip_while(|line| !line.starts_with("```rust"));
    lines.next()?;
    let block: Vec<&str> = lines.take_while(|line| *line != "```").collect();
    Some(block.join("\n"))
}

/// Sources are formatted, so the end of an item is the line that closes it at its own indentation.
fn code_lines(text: &str) -> usize {
    let mut count = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if is_for_tests(code) {
            let indent = &line[..line.len() - code.len()];
            let end = format!("{indent}}}");
            // The attributes, which may take several lines, come before the item.
            let mut lines = lines.by_ref().skip_while(|line| {
                let rest = line.strip_prefix(indent).unwrap_or_default();
                rest.starts_with("#[") || rest.starts_with(' ') || rest.starts_with(")]")
            });
            if lines.next().is_some_and(|item| item.ends_with('{')) {
                lines.find(|line| *line == end);
            }
        } else if !code.is_empty() && !code.starts_with("//") {
            count += 1;
        }
    }
    count
}

fn is_for_tests(code: &str) -> bool {
    ["test", "wats_loom"].iter().any(|what| {
        let begins = |before: &str| code.starts_with(&format!("#[cfg({before}{what}"));
        begins("") || begins("all(")
    })
}

/// The programs that cargo makes of a folder of tests.
fn test_programs(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists()
        })
        .count()
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found: Vec<PathBuf> = entries(of)?
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    Ok(found)
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if name.ends_with(".rs") && name != "tests.rs" && !name.ends_with("_tests.rs") {
            found.push(path);
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_blank_lines_and_tests_are_no_code() {
        let text = "//! About.\n\nuse a::b;\n/// Doc.\nfn f() {\n    // Why.\n    g() // and more\n}\n\n\
                    #[cfg(test)]\nmod tests;\n\n#[cfg(all(test, feature = \"x\"))]\n#[allow(\n    dead_code\n)]\nmod more {\n    fn h() {}\n}\n\
                    #[cfg(feature = \"x\")]\nmod x;\n";
        assert_eq!(code_lines(text), 6);
        assert_eq!(
            code_lines("struct A {\n    #[cfg(test)]\n    seen: u8,\n    b: u8,\n}\n"),
            3
        );
    }

    #[test]
    fn the_first_program_of_a_document_is_its_first_block_of_rust() {
        let document =
            "```toml\na = 1\n```\n```rust,no_run\nfn main() {\n}\n```\n```rust\nlater\n```\n";
        assert_eq!(first_program(document).unwrap(), "fn main() {\n}");
        assert!(first_program("```text\n```").is_none());
    }
}
