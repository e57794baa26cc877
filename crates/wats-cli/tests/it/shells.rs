//! Completions and manual pages.

use std::process::{Command, Output, Stdio};

use crate::harness::{Home, skipped, stderr, stdout};

/// Runs a program if it is there.
fn tool(home: &Home, name: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(name);
    crate::harness::environment(&mut command, home.folder());
    let run = command
        .args(arguments)
        .current_dir(home.folder())
        .stdin(Stdio::null())
        .output();
    if run.is_err() {
        skipped(&format!("{name} is not here"));
    }
    run.ok()
}

#[test]
fn every_shell_gets_all_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = home.wats(["completions", shell]).run();
        assert!(output.status.success());
        let text = stdout(&output);
        for command in ["headers", "completions", "--token-file"] {
            let command = if shell == "fish" {
                command.trim_start_matches("--")
            } else {
                command
            };
            assert!(text.contains(command), "{shell}: {command}");
        }
        home.file(format!("wats.{shell}"), text);
    }
    let lines = [
        ("bash", "source wats.bash && complete -p wats"),
        (
            "zsh",
            "autoload -U compinit && compinit -u && source wats.zsh && whence -w _wats",
        ),
        (
            "fish",
            "source wats.fish; and complete -C 'wats head' | string match -q 'headers*'",
        ),
    ];
    for (shell, line) in lines {
        if let Some(output) = tool(&home, shell, &["-c", line]) {
            assert!(output.status.success(), "{shell}: {}", stderr(&output));
            assert_eq!(stderr(&output), "", "{shell}");
        }
    }
    home.wats(["completions", "tcsh"]).assert().code(2);
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_and_options() {
    let home = Home::new();
    home.file("wats.bash", home.wats(["completions", "bash"]).run().stdout);
    for (words, wanted) in [
        ("wats he", "headers"),
        ("wats headers --sin", "--since"),
        ("wats config pro", "profiles"),
    ] {
        let count = words.split(' ').count() - 1;
        let line = format!(
            "source wats.bash; COMP_WORDS=({words}); COMP_CWORD={count}; COMP_LINE='{words}'; COMP_POINT=${{#COMP_LINE}}; \
             _wats wats \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        if let Some(output) = tool(&home, "bash", &["-c", &line]) {
            assert!(
                stdout(&output).contains(wanted),
                "{words}: {}{}",
                stdout(&output),
                stderr(&output)
            );
        }
    }
}

#[test]
fn manual_pages_are_set_without_warnings() {
    let home = Home::new();
    let made = home.wats(["man", "pages/man1"]).run();
    assert!(made.status.success(), "{}", stderr(&made));
    let folder = home.folder().join("pages/man1");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for page in ["wats.1", "wats-headers.1", "wats-config-show.1"] {
        assert!(names.iter().any(|name| name == page), "{page} of {names:?}");
    }
    let all = std::fs::read_to_string(folder.join("wats.1")).unwrap();
    assert!(all.contains("Exit codes"), "{all}");
    for name in &names {
        let path = format!("pages/man1/{name}");
        // -ww tells everything, -z prints no page.
        let Some(output) = tool(&home, "groff", &["-man", "-Tutf8", "-ww", "-z", &path]) else {
            return;
        };
        assert!(output.status.success());
        assert_eq!(stderr(&output), "", "{name}");
    }
}
