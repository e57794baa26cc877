//! `cargo xtask examples`: the examples of the domains against a simulated factory, each with something that it must say.

use crate::process::{self, Error};
use crate::terminal::say;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

/// An example: its name, its arguments, and a part of what it prints when it has done its work. `TEMP` stands for a folder
/// of this run. They come in this order to one server.
const EXAMPLES: [(&str, &[&str], &str); 14] = [
    (
        "analytics",
        &["DEMO-PCBA-100", "End of line test"],
        "% passed the first run",
    ),
    ("asset", &[], "used 1 times"),
    (
        "manual_inspection",
        &["S-1", "DEMO-PCBA-100", "A"],
        "is for:",
    ),
    ("process", &[], "test by End of line test"),
    ("product", &[], "PCBA-001 has 1 revisions"),
    ("production", &[], "now it is"),
    ("root_cause", &["Fails at cold start"], "is solved"),
    ("scim", &["create", "ada"], "active"),
    ("scim", &["bar", "ada"], "barred"),
    (
        "software",
        &["publish", "ICT tests", "TEMP/tests.zip"],
        "released",
    ),
    (
        "software",
        &["install", "ICT tests", "TEMP/installed"],
        "run.seq: Created",
    ),
    ("system", &[], "server "),
    ("sync_headers", &["TEMP/headers.jsonl"], "1000"),
    ("test_station", &[], "SN-3 is submitted"),
];

/// A zip file with `tests/run.seq` in it.
const ZIP: &[u8] = b"PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x5c+\xd7\x86R\x08\x00\x00\x00\x08\x00\x00\x00\x0d\x00\
    \x00\x00tests/run.seqsequencePK\x01\x02\x14\x00\x14\x00\x00\x00\x00\x00\x00\x00!\x5c+\xd7\x86R\x08\
    \x00\x00\x00\x08\x00\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00\
    tests/run.seqPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00;\x00\x00\x003\x00\x00\x00\x00\x00";

/// Runs all of them; the first that fails ends the run.
pub(crate) fn run() -> Result<ExitCode, Error> {
    let folder = std::env::temp_dir().join(format!("wats-examples-{}", std::process::id()));
    let made = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("tests.zip"), ZIP));
    made.map_err(|error| format!("{}: {error}", folder.display()))?;
    let outcome = all(&folder);
    // What is left of it is in the folder for temporary files.
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

fn all(folder: &Path) -> Result<ExitCode, Error> {
    let server = Server::start()?;
    for (name, arguments, said) in EXAMPLES {
        let mut example = process::cargo();
        example
            .args(["run", "--quiet", "--all-features", "--example", name, "--"])
            .args(arguments.iter().map(|argument| place(argument, folder)))
            .envs(server.variables.iter().cloned())
            .stderr(Stdio::inherit());
        let output = output(&mut example)?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || !text.contains(said) {
            say(&text);
            return Err(format!(
                "the example {name} ended with {} and should have said {said:?}",
                output.status
            )
            .into());
        }
        say(&format!(
            "{name} {}: {} lines",
            arguments.join(" "),
            text.lines().count()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn place(argument: &str, folder: &Path) -> std::ffi::OsString {
    match argument.strip_prefix("TEMP/") {
        Some(name) => folder.join(name).into_os_string(),
        None => argument.into(),
    }
}

fn output(command: &mut Command) -> Result<std::process::Output, Error> {
    let output = command.output();
    output.map_err(|error| format!("cannot start cargo: {error}").into())
}

/// A simulated server, until it is dropped.
struct Server {
    child: Child,
    /// Where it is and its token, as the client reads them.
    variables: Vec<(String, String)>,
}

impl Server {
    fn start() -> Result<Self, Error> {
        let mut server = process::cargo();
        server.args([
            "run",
            "--quiet",
            "--all-features",
            "--bin",
            "wats-sim",
            "--",
        ]);
        server.args(["--port", "0", "--seed-data", "demo"]);
        let child = server.stdout(Stdio::piped()).spawn();
        let child = child.map_err(|error| format!("cannot start the simulator: {error}"))?;
        let mut server = Self {
            child,
            variables: Vec::new(),
        };
        let lines = server.child.stdout.take().map(BufReader::new);
        for line in lines.into_iter().flat_map(BufRead::lines).take(2) {
            let line = line.map_err(|error| format!("the simulator says nothing: {error}"))?;
            if let Some((name, value)) = line.split_once('=') {
                server.variables.push((name.to_owned(), value.to_owned()));
            }
        }
        match server.variables.len() {
            2 => Ok(server),
            _ => Err("the simulator does not say where it is".to_owned().into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
