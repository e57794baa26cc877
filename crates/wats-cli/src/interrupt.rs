//! Ctrl-C. A command that says nothing is ended at once with 130; one that has something to finish asks to be told, and
//! is ended by the second Ctrl-C.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::exit::Exit;
use crate::failure::Failure;

/// Listens for Ctrl-C, and on Unix for the signal to terminate.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    is_handled: Arc<AtomicBool>,
    is_deferred: Arc<AtomicBool>,
    told: watch::Sender<bool>,
    /// Whether errors are told as JSON.
    as_json: bool,
}

impl Interrupt {
    pub(crate) fn new(as_json: bool) -> Self {
        Self {
            as_json,
            is_handled: Arc::default(),
            is_deferred: Arc::default(),
            told: watch::Sender::new(false),
        }
    }

    /// Begins to listen, in a task of its own: a command that blocks is ended all the same.
    pub(crate) fn listen(&self) {
        let own = self.clone();
        tokio::spawn(async move {
            loop {
                if signal().await.is_err() {
                    return; // The system's own ending of the process remains.
                }
                let again = own.told.send_replace(true);
                let ends_by_itself =
                    own.is_handled.load(Ordering::SeqCst) || own.is_deferred.load(Ordering::SeqCst);
                if again || !ends_by_itself {
                    let text = "interrupted".to_owned();
                    let text = if own.as_json {
                        Failure::new(Exit::Interrupted, text).to_json().to_string()
                    } else {
                        text
                    };
                    let _ = writeln!(io::stderr(), "{text}");
                    std::process::exit(Exit::Interrupted as i32);
                }
            }
        });
    }

    /// A command that says nothing is not ended by the process but by its caller, who has something to finish: this is ready
    /// when it is to be ended.
    pub(crate) fn defer(&self) -> Deferred {
        self.is_deferred.store(true, Ordering::SeqCst);
        Deferred {
            is_handled: Arc::clone(&self.is_handled),
            told: Interrupted(self.told.subscribe()),
        }
    }

    /// From now on the command ends by itself when it is told to.
    pub(crate) fn handle(&self) -> Interrupted {
        self.is_handled.store(true, Ordering::SeqCst);
        Interrupted(self.told.subscribe())
    }
}

/// Ready once Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupted(watch::Receiver<bool>);

impl Interrupted {
    /// Waits for Ctrl-C.
    pub(crate) async fn wait(&mut self) {
        if self.0.wait_for(|told| *told).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it was pressed.
    pub(crate) fn is_told(&self) -> bool {
        *self.0.borrow()
    }
}

/// Ready once Ctrl-C was pressed and the command does not end by itself.
#[derive(Debug)]
pub(crate) struct Deferred {
    is_handled: Arc<AtomicBool>,
    told: Interrupted,
}

impl Deferred {
    pub(crate) async fn wait(&mut self) {
        self.told.wait().await;
        if self.is_handled.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

async fn signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        let kind = tokio::signal::unix::SignalKind::terminate();
        let mut terminated = tokio::signal::unix::signal(kind)?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
