//! `wats lint` and `wats fix`: findings, and what is mended.

use wats::serde_json::{self, Value, json};

use crate::harness::{Home, stderr, stdout};
use crate::samples::{document_of, error, passed, refused, rows, text_of};

#[test]
fn findings_are_rows_and_the_code_says_whether_one_is_refused() {
    let home = Home::new();
    home.file("good.json", text_of(&passed("SN-1", 5.0)));
    home.file("bad.json", refused());
    let clean = home.wats(["lint", "good.json"]).run();
    assert_eq!(
        (clean.status.code(), stdout(&clean).as_str()),
        (Some(0), "")
    );
    assert_eq!(stderr(&clean), "1 report, nothing found\n");
    let found = home.wats(["lint", "good.json", "bad.json", "--json"]).run();
    assert_eq!(found.status.code(), Some(3));
    let all = rows(&found);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["file"], "bad.json");
    for (member, value) in [("path", "report"), ("rule", "R103"), ("severity", "reject")] {
        assert_eq!(all[0][member], value, "{}", all[0]);
    }
    assert!(!all[0]["remedy"].as_str().unwrap().is_empty());
    assert_eq!(error(&found)["kind"], "refused");
    // A file that is no report is told, and the others are looked at.
    home.file("broken.json", "{");
    let broken = home.wats(["lint", "broken.json", "good.json"]).run();
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        stderr(&broken).contains("broken.json"),
        "{}",
        stderr(&broken)
    );
}

#[test]
fn hidden_files_of_a_folder_are_passed_over() {
    let home = Home::new();
    home.file("all/one.json", text_of(&passed("SN-1", 5.0)));
    home.file("all/.two.json", "{");
    home.file("all/._one.json", b"\0\x05\x16\x07");
    let output = home.wats(["lint", "all"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("2 others are passed over"),
        "{}",
        stderr(&output)
    );
    // One that is named is meant.
    home.wats(["lint", "all/.two.json"]).assert().code(1);
}

#[test]
fn what_is_found_can_be_read_on_a_narrow_terminal_too() {
    let home = Home::new();
    let mut document = document_of(&passed("SN-1", 5.0));
    let mut twin = document["root"]["steps"][0].clone();
    twin["id"] = 1_000.into();
    document["root"]["steps"].as_array_mut().unwrap().push(twin);
    home.file("twins.json", document.to_string());
    let lines = |width: &str| {
        let output = home
            .wats(["lint", "twins.json", "--width", width, "--color", "never"])
            .run();
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        stdout(&output)
    };
    // Changes have the names that this program takes.
    let remedy = "Rename one; `wats fix --policy duplicate-names` appends a number.";
    assert!(lines("0").contains(remedy), "{}", lines("0"));
    for width in ["30", "40", "80"] {
        let text = lines(width);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(remedy), "{text}");
        let most = width.parse().unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= most),
            "{text}"
        );
    }
}

#[test]
fn the_table_of_rules_needs_no_file() {
    let home = Home::new();
    let rules = home.wats(["lint", "--rules", "--csv"]).run();
    assert_eq!(rules.status.code(), Some(0));
    let text = stdout(&rules);
    assert_eq!(
        text.lines().next(),
        Some("rule,severity,fixable,text,remedy")
    );
    assert!(
        text.lines().any(|line| line.starts_with("R206,reject,")),
        "{text}"
    );
    home.wats(["lint"]).assert().code(2);
}

/// A report that has what only a server writes, and an outcome that only exports have.
fn export() -> Value {
    let mut document = document_of(&passed("SN-1", 5.0));
    document["origin"] = json!("4C5F");
    document["root"]["steps"][0]["status"] = json!("D");
    document
}

#[test]
fn a_report_is_mended_in_its_file_and_kept_as_it_was() {
    let home = Home::new();
    let before = format!("{:#}\n", export());
    let path = home.file("export.json", &before);
    home.wats(["lint", "export.json"]).assert().code(3);
    let mended = home
        .wats([
            "fix",
            "--in-place",
            "--policy",
            "resubmit",
            "export.json",
            "--json",
        ])
        .run();
    assert_eq!(mended.status.code(), Some(0), "{}", stderr(&mended));
    let changes = rows(&mended);
    assert!(
        changes.iter().any(|change| change["rule"] == "R118"),
        "{changes:?}"
    );
    assert_eq!(
        std::fs::read_to_string(home.folder().join("export.json.bak")).unwrap(),
        before
    );
    home.wats(["lint", "export.json", "--severity", "reject"])
        .assert()
        .code(0);
    // What needs no mending is not touched, and no further copy is made.
    let text = std::fs::read(&path).unwrap();
    home.wats(["fix", "--in-place", "--policy", "resubmit", "export.json"])
        .assert()
        .code(0);
    assert_eq!(std::fs::read(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(home.folder()).unwrap().count(), 2);
}

#[test]
fn what_is_left_is_told_and_standard_output_is_the_report_alone() {
    let home = Home::new();
    home.file("bad.json", refused());
    let output = home.wats(["fix", "bad.json", "--all"]).run();
    assert_eq!(
        output.status.code(),
        Some(3),
        "nobody knows its serial number"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["pn"], "PCBA-001");
    assert!(stderr(&output).contains("R103"), "{}", stderr(&output));
    let unknown = home
        .wats(["fix", "bad.json", "--policy", "everything"])
        .run();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("everything"));
    let list = home.wats(["fix", "--list", "--jsonl"]).run();
    let first: Value = serde_json::from_str(stdout(&list).lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["name"], &first["default"]),
        (&json!("characters"), &json!(true))
    );
    home.file("there.json", "mine");
    home.wats(["fix", "bad.json", "-o", "there.json"])
        .assert()
        .code(1);
    assert_eq!(
        std::fs::read(home.folder().join("there.json")).unwrap(),
        b"mine"
    );
}
