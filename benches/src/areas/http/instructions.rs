//! Instructions per request, as valgrind counts them: the same on a busy machine as on an idle one.
//!
//! The client runs in a process of its own under `valgrind --tool=callgrind`, twice, with different numbers of
//! requests; the difference is what the additional ones cost. Without valgrind the rows say that they could not run.

use super::clients::{Get, Legacy, Ours, Reqwest, Target};
use crate::Result;
use std::ffi::OsString;
use wats_bench_check::callgrind;

/// Name of the child process: `serve http-client CLIENT URL CA_FILE REQUESTS`; `-` for no CA.
pub(crate) const NAME: &str = "http-client";

/// The client whose connections are opened ahead; its requests are rounds of [`TOGETHER`].
const WARM: &str = "wats-http warm";
const TOGETHER: u32 = 20;

/// Requests of the shorter and of the longer run.
const FEW: u32 = 200;
const MANY: u32 = 1200;

/// Sends requests one after the other, and ends.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let [client, url, ca_file, requests] = arguments else {
        return Err("usage: serve http-client CLIENT URL CA_FILE REQUESTS".into());
    };
    let ca_pem = match ca_file.as_str() {
        "-" => None,
        file => Some(std::fs::read_to_string(file)?),
    };
    let target = Target {
        base_url: url.clone(),
        ca_pem,
        keep_all_idle: true,
    };
    let requests = requests.parse()?;
    match client.as_str() {
        Ours::NAME => send::<Ours>(&target, requests),
        Legacy::NAME => send::<Legacy>(&target, requests),
        Reqwest::NAME => send::<Reqwest>(&target, requests),
        WARM => send_warm(&target, requests),
        _ => Err(format!("there is no client {client:?}").into()),
    }
}

fn send<C: Get>(target: &Target, requests: u32) -> Result<()> {
    super::current_thread()?.block_on(async {
        let client = C::new(target)?;
        for _ in 0..requests {
            client.get().await?;
        }
        Ok(())
    })
}

/// Opens connections ahead, and sends as many requests at a time as there are, so many times.
fn send_warm(target: &Target, rounds: u32) -> Result<()> {
    super::current_thread()?.block_on(async {
        let client = Ours::new(target)?;
        client.warm(TOGETHER as usize).await?;
        for _ in 0..rounds {
            let calls = (0..TOGETHER).map(|_| client.get());
            futures_util::future::try_join_all(calls).await?;
        }
        Ok(())
    })
}

/// Instructions of one pooled request of this client.
pub(super) fn per_request<C: Get>(target: &Target) -> Result<f64> {
    let [few, many] = [FEW, MANY].map(|requests| count(target, C::NAME, requests));
    Ok((many? - few?) / f64::from(MANY - FEW))
}

/// Instructions of each of the first twenty requests after `warm(20)`, and of those that follow on the same connections.
pub(super) fn after_warm(target: &Target) -> Result<[f64; 2]> {
    let [none, first, more] = [0, 1, 4].map(|rounds| count(target, WARM, rounds));
    let (none, first, more) = (none?, first?, more?);
    let per_request =
        |instructions: f64, rounds: f64| instructions / (rounds * f64::from(TOGETHER));
    Ok([
        per_request(first - none, 1.0),
        per_request(more - first, 3.0),
    ])
}

/// Instructions of a whole run.
fn count(target: &Target, client: &str, requests: u32) -> Result<f64> {
    let ca = match &target.ca_pem {
        None => None,
        Some(pem) => {
            let file = tempfile::NamedTempFile::new()?;
            std::fs::write(file.path(), pem)?;
            Some(file)
        }
    };
    let ca_file = ca
        .as_ref()
        .map_or("-".as_ref(), |file| file.path().as_os_str());
    let mut arguments = ["serve", NAME, client, &target.base_url]
        .map(OsString::from)
        .to_vec();
    arguments.extend([ca_file.to_owned(), requests.to_string().into()]);
    match callgrind::total(&std::env::current_exe()?, &arguments) {
        Ok(counted) => Ok(counted as f64),
        Err(error) => Err(format!("skipped, {error}").into()),
    }
}
