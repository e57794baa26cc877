//! `docs/cli.md` is the help of the commands, written by this test when `WATS_WRITE_DOCS` is set.

use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "\
# The program `wats`

What the program can do, command by command, as its own help has it. This file is written by a test, not by hand:

```text
WATS_WRITE_DOCS=1 cargo test -p wats-cli --test it docs
```

Data is on standard output, all else on standard error. `--json` prints one document with `\"schema\": 1`, `--jsonl` an object a
line; members are added, none is taken away or changed. Tables fit the terminal; where standard output is none, nothing is
shortened. Options of the server and the output, in the first part, go with every command.
";

#[test]
fn the_reference_is_the_help_of_the_commands() {
    if !cfg!(all(feature = "queue", feature = "sim")) {
        return crate::harness::skipped("the reference is that of a build with all commands");
    }
    let mut text = HEAD.to_owned();
    let mut program = wats_cli::command();
    program.build();
    section(&mut text, &mut program, "wats", true);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    if std::env::var_os("WATS_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
        return;
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    let line = text
        .lines()
        .zip(file.lines())
        .find(|(now, there)| now != there);
    assert!(
        file.replace("\r\n", "\n") == text,
        "docs/cli.md is not the help of the commands; write it with WATS_WRITE_DOCS=1. The first other line: {line:?}"
    );
}

/// A command and those below it. Options that all commands have are told once.
fn section(text: &mut String, command: &mut clap::Command, name: &str, is_whole: bool) {
    let mut shown = command.clone().term_width(100);
    if !is_whole {
        let global: Vec<_> = shown
            .get_arguments()
            .filter(|argument| {
                let id = argument.get_id();
                argument.is_global_set() || id == "version" || id == "help"
            })
            .map(|argument| argument.get_id().clone())
            .collect();
        for id in global {
            shown = shown.mut_arg(id, |argument| argument.hide(true));
        }
    }
    let help = shown.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    write!(
        text,
        "\n## `{name}`\n\n```text\n{}\n```\n",
        lines.join("\n")
    )
    .unwrap();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for sub in names {
        if let Some(found) = command.find_subcommand_mut(&sub) {
            section(text, found, &format!("{name} {sub}"), false);
        }
    }
}
