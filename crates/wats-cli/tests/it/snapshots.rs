//! Tables and errors as they are printed, against a factory whose reports are always the same. `TRYCMD=overwrite` writes
//! the files anew.

use std::time::{Duration, SystemTime};

use wats_sim::Simulator;

use crate::harness::{Server, TOKEN};

#[test]
fn tables_and_errors_are_printed_as_ever() {
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let server = Server::of(Simulator::builder().seed_demo_until(until));
    let home = server.folder().display().to_string();
    let cases = trycmd::TestCases::new();
    cases
        .env("WATS_BASE_URL", server.simulator().base_url())
        .env("WATS_AUTH_TOKEN", TOKEN)
        .env("NO_PROXY", "127.0.0.1")
        .env("NO_COLOR", "1")
        .env("TZ", "UTC");
    for name in ["HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME"] {
        cases.env(name, &home);
    }
    cases
        .insert_var("[URL]", server.simulator().base_url().to_owned())
        .unwrap();
    cases.case("tests/snapshots/*.trycmd");
    // They run when it goes, which is before the server does.
    drop(cases);
}
