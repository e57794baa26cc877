//! What a command works with: the settings with their origins, the client made of them, the output, and Ctrl-C.

use std::cell::OnceCell;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wats::{Config, Timeouts, TlsConfig, Wats};

use crate::Outcome;
use crate::args::{Printing, Server};
use crate::calls::{Told, TraceFile};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::stdin;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// Longer files are no tokens.
const LONGEST_TOKEN: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) interrupt: Interrupt,
    /// The whole command line, for what is made of it.
    pub(crate) commands: fn() -> clap::Command,
    server: Server,
    /// How much is told of calls: 0, 1 or more.
    verbose: u8,
    trace: Option<PathBuf>,
    /// The token of standard input, once it was read: settings are made more than once.
    token: OnceCell<String>,
}

impl Context {
    pub(crate) fn new(
        server: Server,
        printing: Printing,
        commands: fn() -> clap::Command,
    ) -> Outcome<Self> {
        let output = Output::new(&printing)?;
        Ok(Self {
            interrupt: Interrupt::new(output.is_json()),
            output,
            commands,
            server,
            verbose: printing.verbose,
            trace: printing.trace,
            token: OnceCell::new(),
        })
    }

    /// The file of the trace, if there is to be one.
    pub(crate) fn trace(&self) -> Outcome<Option<TraceFile>> {
        self.trace.as_deref().map(TraceFile::create).transpose()
    }

    /// The settings, each with where it comes from.
    pub(crate) fn config(&self) -> Outcome<Config> {
        let Server {
            profile,
            config,
            base_url,
            token_file,
            ..
        } = &self.server;
        let mut settings = Config::read(profile.as_deref(), config.as_deref())?;
        if let Some(url) = base_url {
            settings = settings.set("base_url", url, "--base-url")?;
        }
        match token_file.as_deref() {
            Some(path) if path == Path::new("-") => {
                settings = settings.set("auth_token", self.token_of_stdin()?, "standard input")?;
            }
            Some(path) => {
                let text = path.to_str().ok_or_else(|| {
                    Failure::usage(
                        "the path of --token-file is not valid Unicode; give it another name",
                    )
                })?;
                settings = settings.set("token_file", text, "--token-file")?;
            }
            None => {}
        }
        Ok(settings)
    }

    fn token_of_stdin(&self) -> Outcome<&str> {
        if let Some(token) = self.token.get() {
            return Ok(token);
        }
        let read = from_stdin()?;
        Ok(self.token.get_or_init(|| read))
    }

    /// The folder of the queue: the one that was given, or that of the settings.
    #[cfg(feature = "queue")]
    pub(crate) fn queue_folder(&self, given: Option<&Path>, option: &str) -> Outcome<PathBuf> {
        if let Some(folder) = given {
            return Ok(folder.to_path_buf());
        }
        let config = self.config()?;
        config.queue_dir().ok_or_else(|| {
            Failure::usage(format!(
                "which queue? Give its folder with {option}, set WATS_QUEUE_DIR, or put queue_dir into a profile ({})",
                config.place()
            ))
        })
    }

    /// The configuration file; `None` without a home directory.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        self.server.config.clone().or_else(Config::file)
    }

    /// The profile that --profile names.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.server.profile.as_deref()
    }

    /// The client; nothing is sent yet.
    pub(crate) fn wats(&self) -> Outcome<Wats> {
        let config = self.config()?;
        let has = |keys: &[&str]| {
            config
                .entries()
                .iter()
                .any(|entry| keys.contains(&entry.key))
        };
        if has(&["base_url"]) && !has(&["auth_token", "token_file"]) {
            return Err(Failure::new(
                Exit::Access,
                format!(
                    "there is no token: set WATS_AUTH_TOKEN or WATS_TOKEN_FILE, give --token-file, or put it into a profile ({})",
                    config.place()
                ),
            ));
        }
        self.client_of(&config)
    }

    /// The client with these settings.
    pub(crate) fn client_of(&self, config: &Config) -> Outcome<Wats> {
        let mut builder = config.builder()?;
        if let Some(path) = &self.server.ca {
            let tls = TlsConfig::default()
                .add_ca_file(path)
                .map_err(|error| Failure::usage(format!("--ca: {error:#}")))?;
            builder = builder.http(|client| client.tls(tls));
        }
        if let Some(time) = self.server.timeout {
            builder = builder.timeouts(within(time));
        }
        if self.verbose > 0 {
            let with_headers = self.verbose > 1;
            builder = builder.http(|client| client.intercept(Told { with_headers }));
        }
        Ok(builder.build()?)
    }
}

fn from_stdin() -> Outcome<String> {
    stdin::take("the token")?;
    let mut text = String::new();
    let mut input = std::io::stdin().take(LONGEST_TOKEN + 1);
    input
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("the token on standard input", &error))?;
    // Some shells put a mark of the byte order before what they pipe.
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() || text.len() as u64 > LONGEST_TOKEN {
        return Err(Failure::new(Exit::Access, "standard input has no token"));
    }
    Ok(text.to_owned())
}

/// Deadlines of which none is longer than that of the call.
fn within(total: Duration) -> Timeouts {
    let mut timeouts = Timeouts::default();
    for part in [
        &mut timeouts.connect,
        &mut timeouts.pool,
        &mut timeouts.attempt,
        &mut timeouts.read_idle,
    ] {
        *part = part.map(|part| part.min(total));
    }
    timeouts.total = Some(total);
    timeouts
}
