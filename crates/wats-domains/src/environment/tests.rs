use std::collections::HashMap;
use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{Wats, WatsBuilder};

fn builder(lookup: Lookup<'_>) -> Result<WatsBuilder> {
    Environment::read(lookup).map(WatsBuilder::of)
}

/// Variables, and a folder for files.
struct Case {
    folder: TempDir,
    variables: HashMap<String, OsString>,
}

impl Case {
    fn new(variables: &[(&str, &str)]) -> Self {
        let own = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()));
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: own.collect(),
        }
    }

    /// With a configuration file where this platform has it.
    fn file(mut self, text: &str) -> Self {
        let home = self.folder.path().to_owned();
        for name in ["HOME", "APPDATA", "XDG_CONFIG_HOME"] {
            self.variables.insert(name.to_owned(), home.clone().into());
        }
        let path = self.path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn path(&self) -> PathBuf {
        let lookup = |name: &str| self.variables.get(name).cloned();
        profile::place(std::env::consts::OS, &lookup).unwrap()
    }

    fn build(&self) -> Result<Wats> {
        builder(&|name| self.variables.get(name).cloned())?.build()
    }

    /// The error, which shows no secret.
    fn error(&self) -> String {
        let error = self.build().unwrap_err();
        assert!(
            matches!(error, Error::Config(_) | Error::Http(_)),
            "{error}"
        );
        let line = format!("{error:#}");
        assert!(!format!("{line} {error:#?}").contains("s3cret"), "{line}");
        line
    }
}

const URL: (&str, &str) = ("WATS_BASE_URL", "https://h.example/api/");
const TOKEN: (&str, &str) = ("WATS_AUTH_TOKEN", "czNjcmV0OnMzY3JldA==");

#[test]
fn variables_alone_are_enough() {
    let wats = Case::new(&[URL, TOKEN]).build().unwrap();
    assert_eq!(wats.http().base_url(), "https://h.example");
    assert_eq!(
        (wats.station(), wats.process_code(), wats.operator()),
        (None, None, None)
    );
}

#[test]
fn what_is_missing_is_named_with_where_it_was_looked_for() {
    let line = Case::new(&[]).error();
    assert!(
        line.contains("WATS_BASE_URL is not set") && line.contains("no home directory"),
        "{line}"
    );
    let line = Case::new(&[URL]).error();
    assert!(
        line.contains("WATS_AUTH_TOKEN is not set") && line.contains("WATS_TOKEN_FILE"),
        "{line}"
    );
    let case = Case::new(&[]).file("[other]\n");
    let line = case.error();
    assert!(
        line.contains("no profile `default`: it has `other`"),
        "{line}"
    );
    assert!(line.contains(case.path().to_str().unwrap()), "{line}");
}

#[test]
fn values_that_cannot_be_used_are_named_by_their_variable_and_not_shown() {
    for (name, value, why) in [
        ("WATS_BASE_URL", "", "WATS_BASE_URL is empty"),
        ("WATS_BASE_URL", "h.example", "WATS_BASE_URL: the base URL"),
        (
            "WATS_BASE_URL",
            "ftp://s3cret",
            "WATS_BASE_URL: the base URL",
        ),
        ("WATS_AUTH_TOKEN", " ", "WATS_AUTH_TOKEN is empty"),
        (
            "WATS_AUTH_TOKEN",
            "s3cret s3cret",
            "WATS_AUTH_TOKEN: the token has a character",
        ),
        ("WATS_TOKEN_FILE", "", "WATS_TOKEN_FILE is empty"),
        (
            "WATS_PROCESS_CODE",
            "ICT",
            "WATS_PROCESS_CODE: it must be the code",
        ),
        (
            "WATS_PROCESS_CODE",
            "32768",
            "WATS_PROCESS_CODE: it must be the code",
        ),
        ("WATS_PROFILE", "", "WATS_PROFILE is empty"),
        ("WATS_PROFILE", "test", "WATS_CONFIG"),
        ("WATS_CONFIG", "no/such/file", "cannot be read"),
        ("WATS_STATION_NAME", "ICT-3", "WATS_STATION_LOCATION"),
        ("WATS_OPERATOR", "Ka\u{200b}ri", "the operator"),
    ] {
        let line = Case::new(&[URL, TOKEN, (name, value)]).error();
        assert!(line.contains(why), "{name}={value}: {line}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_named() {
    use std::os::unix::ffi::OsStringExt as _;
    let mut case = Case::new(&[URL]);
    let value = OsString::from_vec(vec![b's', 0xff]);
    case.variables.insert("WATS_AUTH_TOKEN".to_owned(), value);
    assert!(
        case.error()
            .contains("WATS_AUTH_TOKEN is not valid Unicode")
    );
}

const FILE: &str = r#"
# Stations of the hall.
[default]
base_url = "https://p.example"  # production
auth_token = 'czNjcmV0OnMzY3JldA=='
station_name = "ICT-\u0033"
station_location = "Drammen"
station_purpose = "Production"
process_code = 100
operator = "Kari"

[test]
base_url = 'https://t.example'
token_file = "token"
"#;

#[test]
fn a_profile_has_all_that_variables_have_and_stands_behind_them() {
    let wats = Case::new(&[]).file(FILE).build().unwrap();
    assert_eq!(wats.http().base_url(), "https://p.example");
    let station = wats.station().unwrap();
    assert_eq!(
        (station.name, station.location, station.purpose),
        ("ICT-3", "Drammen", "Production")
    );
    assert_eq!(
        (wats.process_code(), wats.operator()),
        (Some(100), Some("Kari"))
    );

    let variables = [
        TOKEN,
        ("WATS_BASE_URL", "http://localhost"),
        ("WATS_STATION_LOCATION", "Oslo"),
        ("WATS_PROCESS_CODE", "0"),
    ];
    let case = Case::new(&variables).file(FILE);
    let wats = case.build().unwrap();
    assert_eq!(wats.http().base_url(), "http://localhost");
    assert_eq!(wats.station().unwrap().location, "Oslo");
    assert_eq!(wats.process_code(), Some(0));
    let lookup = |name: &str| case.variables.get(name).cloned();
    let explicit = builder(&lookup)
        .unwrap()
        .base_url("http://127.0.0.1")
        .operator("Ola");
    let wats = explicit.build().unwrap();
    assert_eq!(
        (&*wats.http().base_url(), wats.operator()),
        ("http://127.0.0.1", Some("Ola"))
    );
}

#[test]
fn a_profile_is_named_and_its_token_file_is_beside_it() {
    let case = Case::new(&[("WATS_PROFILE", "test")]).file(FILE);
    let line = case.error();
    let token = case.path().with_file_name("token");
    assert!(
        line.contains(token.to_str().unwrap()) && line.contains("cannot be read"),
        "{line}"
    );
    fs::write(token, "\u{feff}czNjcmV0OnMzY3JldA==\r\n").unwrap();
    assert_eq!(case.build().unwrap().http().base_url(), "https://t.example");
    let line = Case::new(&[URL, TOKEN, ("WATS_PROFILE", "none")])
        .file(FILE)
        .error();
    assert!(
        line.contains("no profile `none`: it has `default`, `test`"),
        "{line}"
    );
}

#[test]
fn a_file_of_another_place_is_named() {
    let mut case = Case::new(&[]);
    let path = case.folder.path().join("other.toml");
    fs::write(&path, FILE).unwrap();
    case.variables.insert("WATS_CONFIG".to_owned(), path.into());
    assert_eq!(case.build().unwrap().http().base_url(), "https://p.example");
    case.variables
        .insert("WATS_CONFIG".to_owned(), case.folder.path().into());
    assert!(case.error().contains("cannot be read"));
}

#[test]
fn the_token_of_a_profile_goes_to_its_server_only() {
    let line = Case::new(&[URL]).file(FILE).error();
    assert!(
        line.contains("line 5")
            && line.contains("WATS_BASE_URL")
            && line.contains("its profile only"),
        "{line}"
    );
    // The same server, however it is written.
    Case::new(&[("WATS_BASE_URL", "https://P.example/api/")])
        .file(FILE)
        .build()
        .unwrap();
}

#[test]
fn of_one_place_the_token_stands_before_its_file() {
    Case::new(&[URL, TOKEN, ("WATS_TOKEN_FILE", "no/such/file")])
        .build()
        .unwrap();
    let line = Case::new(&[URL, ("WATS_TOKEN_FILE", "no/such/file")])
        .file(FILE)
        .error();
    assert!(line.contains("the token file"), "{line}");
}

#[test]
fn mistakes_in_the_file_are_named_by_their_line_and_not_shown() {
    for (lines, line, why) in [
        ("base_url = 'https://h'", 1, "below the name of a profile"),
        ("[a]\nczNjcmV0OnMzY3JldA==", 2, "its key is not known"),
        ("[a]\ns3cret", 2, "neither a profile"),
        (
            "[a]\n\n# x\ntoken = 's3cret'",
            4,
            "the keys are base_url, auth_token",
        ),
        ("[a]\nauth_token = s3cret", 2, "quotation marks"),
        (
            "[a]\nauth_token = \"s3cret",
            2,
            "no quotation mark at its end",
        ),
        (
            "[a]\nauth_token = 's3cret' s3cret",
            2,
            "something behind its end",
        ),
        ("[a]\nauth_token = ''", 2, "is empty"),
        (
            "[a]\nauth_token = \"\"\"s3cret\"\"\"",
            2,
            "something behind its end",
        ),
        (
            "[a]\ntoken_file = \"C:\\s3cret\"",
            2,
            "a path of Windows stands in '…'",
        ),
        ("[a]\noperator = \"\\ud800\"", 2, "names no character"),
        ("[a]\noperator = \"\\u00\"", 2, "names no character"),
        ("[a]\nprocess_code = 0100", 2, "quotation marks"),
        ("[a]\nprocess_code = -1", 2, "quotation marks"),
        (
            "[a]\noperator = 'x'\noperator = 'y'",
            3,
            "is set above already",
        ),
        ("[a]\r\n[a]", 2, "of this name above"),
        ("[a", 1, "name in brackets"),
        ("[[a]]", 1, "name in brackets"),
        ("[a b]", 1, "name in brackets"),
        ("[a] s3cret", 1, "name in brackets"),
        ("[a]\noperator = 's3cret\u{0}'", 2, "control character"),
    ] {
        let case = Case::new(&[URL, TOKEN]).file(lines);
        let told = case.error();
        assert!(told.contains(why), "{lines}: {told}");
        assert!(
            told.contains(&format!("{}, line {line}:", case.path().display())),
            "{lines}: {told}"
        );
    }
    let case = Case::new(&[URL, TOKEN]).file("");
    fs::write(case.path(), b"[default]\xff").unwrap();
    assert!(case.error().contains("is not UTF-8"));
}

#[test]
fn the_file_is_where_each_platform_has_it() {
    let all = |name: &str| Some(OsString::from(format!("/{name}")));
    let place = |os, lookup: Lookup<'_>| {
        profile::place(os, lookup).map(|path| path.to_str().unwrap().replace('\\', "/"))
    };
    let found = |path: &str| Some(path.to_owned());
    assert_eq!(place("windows", &all), found("/APPDATA/wats/config.toml"));
    assert_eq!(
        place("macos", &all),
        found("/HOME/Library/Application Support/wats/config.toml")
    );
    assert_eq!(
        place("linux", &all),
        found("/XDG_CONFIG_HOME/wats/config.toml")
    );
    let relative = |name: &str| match name {
        "XDG_CONFIG_HOME" => Some("relative".into()),
        name => all(name),
    };
    assert_eq!(
        place("linux", &relative),
        found("/HOME/.config/wats/config.toml")
    );
    assert_eq!(place("linux", &|_| None), None);
}

#[test]
fn nothing_that_can_be_printed_shows_a_token() {
    let case = Case::new(&[]).file(FILE);
    let lookup = |name: &str| case.variables.get(name).cloned();
    let builder = builder(&lookup).unwrap();
    assert!(!format!("{builder:?}").contains("czNj"), "{builder:?}");
}

proptest::proptest! {
    #[test]
    fn no_file_panics_and_no_error_shows_it(text in "(\\[|\\]|=|\"|'|\\\\|#|\n|operator|default|s3cret|u0041| ){0,24}") {
        let file: Arc<Path> = Path::new("/f").into();
        if let Err(error) = file::profiles(&text, &file) {
            let line = format!("{error:#}");
            proptest::prop_assert!(!line.contains("s3cret"), "{}", line);
        }
    }
}

#[test]
fn a_config_tells_what_is_used_and_where_it_comes_from() {
    let case = Case::new(&[TOKEN, ("WATS_OPERATOR", "Ola")]).file(FILE);
    let lookup = |name: &str| case.variables.get(name).cloned();
    let config = Config::of(&lookup).unwrap();
    let config = config.set("process_code", "7", "--process").unwrap();
    let lines: Vec<_> = config.entries().iter().map(ToString::to_string).collect();
    let path = case.path();
    let path = path.display();
    assert_eq!(
        lines,
        [
            &format!("base_url = https://p.example (`base_url` in {path}, line 4)"),
            "auth_token = (secret) (the environment variable WATS_AUTH_TOKEN)",
            &format!("station_name = ICT-3 (`station_name` in {path}, line 6)"),
            &format!("station_location = Drammen (`station_location` in {path}, line 7)"),
            &format!("station_purpose = Production (`station_purpose` in {path}, line 8)"),
            "process_code = 7 (--process)",
            "operator = Ola (the environment variable WATS_OPERATOR)",
        ]
    );
    assert_eq!(
        config.builder().unwrap().build().unwrap().process_code(),
        Some(7)
    );
    let wrong = Config::default()
        .set("process_code", "many", "--process")
        .unwrap();
    let error = wrong.builder().map(drop).unwrap_err();
    assert!(
        error.to_string().contains("--process: it must be"),
        "{error}"
    );
    let error = Config::default().set("url", "x", "--url").unwrap_err();
    assert!(
        error.to_string().contains("base_url, auth_token"),
        "{error}"
    );
}

#[test]
fn a_profile_that_is_named_stands_before_variables() {
    let case = Case::new(&[TOKEN, ("WATS_PROFILE", "test")]).file(FILE);
    let lookup = |name: &str| case.variables.get(name).cloned();
    let named = |profile_is_named| Config {
        profile_is_named,
        ..Config::of(&lookup).unwrap()
    };
    let key = |config: &Config| config.entries()[1].key;
    assert_eq!(
        (key(&named(false)), key(&named(true))),
        ("auth_token", "token_file")
    );
}

#[test]
fn the_folder_of_the_queue_stands_beside_the_file_of_its_profile() {
    let case = Case::new(&[]).file("[default]\nqueue_dir = \"queue\"\n");
    let lookup = |name: &str| case.variables.get(name).cloned();
    let config = Config::of(&lookup).unwrap();
    let expected = case.path().parent().unwrap().join("queue");
    assert_eq!(config.queue_dir(), Some(expected));
    let config = config.set("queue_dir", "here", "--dir").unwrap();
    assert_eq!(config.queue_dir(), Some("here".into()));
    assert_eq!(Config::default().queue_dir(), None);
}

#[test]
fn profiles_are_named_in_their_order() {
    let case = Case::new(&[]).file("[default]\nbase_url = 'https://h'\n[line-2]\n# none\n[a]\n");
    let names = Config::profiles(Some(&case.path())).unwrap();
    assert_eq!(names, ["default", "line-2", "a"]);
    let other = case.path().with_file_name("other");
    assert!(Config::profiles(Some(&other)).unwrap().is_empty());
    assert!(Config::profiles(None).unwrap().is_empty());
    fs::write(&other, "[").unwrap();
    assert!(Config::profiles(Some(&other)).is_err());
}

#[cfg(unix)]
#[test]
fn a_token_that_others_can_read_is_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = Case::new(&[]).file("[default]\nbase_url = 'https://h'\nauth_token = 's3cret'\n");
    let read = |case: &Case| {
        let config = Config::of(&|name| case.variables.get(name).cloned()).unwrap();
        config.readable_by_others()
    };
    let mode = |mode| fs::set_permissions(case.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert_eq!(read(&case), Some(case.path()));
    mode(0o600);
    assert_eq!(read(&case), None);
    assert_eq!(read(&Case::new(&[URL, TOKEN])), None);
}
