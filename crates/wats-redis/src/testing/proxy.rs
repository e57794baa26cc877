//! A TCP proxy that misbehaves to order.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// What the proxy does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes them on.
    Pass,
    /// Swallows them, in both directions. A connection on which something was swallowed stays so for ever.
    Swallow,
    /// Swallows what the client sends, for ever.
    SwallowRequests,
    /// Swallows what the server sends, for ever.
    SwallowAnswers,
    /// Passes on so many bytes of the server and closes the connection in the middle.
    CutAfter(usize),
    /// Passes them on later.
    Delay(Duration),
    /// Passes them on one at a time.
    OneByOne,
    /// Passes on so many pieces in the one direction, counted from when this is set, and holds the next one until another mode
    /// is set: see [`Proxy::held`].
    HoldAfter { answers: bool, pieces: usize },
}

struct State {
    mode: Mutex<Mode>,
    /// Wakes who holds a piece.
    changed: Condvar,
    passed: AtomicUsize,
    held: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    stop: AtomicBool,
}

/// Stands between a client and a server, on a port of its own.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Passes on to this port until told otherwise.
    pub(crate) fn to(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            mode: Mutex::new(Mode::Pass),
            changed: Condvar::new(),
            passed: AtomicUsize::new(0),
            held: AtomicBool::new(false),
            open: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if of_thread.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { continue };
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else {
                    continue;
                };
                serve(client, server, &of_thread);
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        let mut place = self.state.mode.lock().unwrap();
        self.state.passed.store(0, Ordering::SeqCst);
        self.state.held.store(false, Ordering::SeqCst);
        *place = mode;
        drop(place);
        self.state.changed.notify_all();
    }

    /// Whether a piece is held now.
    pub(crate) fn held(&self) -> bool {
        self.state.held.load(Ordering::SeqCst)
    }

    /// Closes all connections.
    pub(crate) fn cut(&self) {
        for stream in self.state.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        self.set(Mode::Pass);
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let dead = Arc::new(AtomicBool::new(false));
    let (Ok(client_in), Ok(server_in)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    if let (Ok(one), Ok(other)) = (client.try_clone(), server.try_clone()) {
        state.open.lock().unwrap().extend([one, other]);
    }
    for (from, to, answers) in [(client_in, server, false), (server_in, client, true)] {
        let (state, dead) = (Arc::clone(state), Arc::clone(&dead));
        thread::spawn(move || {
            pass(&from, &to, answers, &state, &dead);
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
    }
}

impl State {
    /// The mode for a piece that has come in this direction; waits while it is held.
    fn hold(&self, of_server: bool) -> Mode {
        let mut mode = self.mode.lock().unwrap();
        while let Mode::HoldAfter { answers, pieces } = *mode {
            if answers != of_server {
                break;
            }
            if !self.held.load(Ordering::SeqCst) {
                if self.passed.fetch_add(1, Ordering::SeqCst) < pieces {
                    break;
                }
                self.held.store(true, Ordering::SeqCst);
            }
            mode = self.changed.wait(mode).unwrap();
        }
        *mode
    }
}

/// One direction, until it is closed.
fn pass(mut from: &TcpStream, mut to: &TcpStream, answers: bool, state: &State, dead: &AtomicBool) {
    let mut buffer = vec![0; 64 * 1024];
    let mut swallowing = false;
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer) else {
            return;
        };
        let bytes = &buffer[..read];
        let mode = state.hold(answers);
        match mode {
            Mode::Swallow => dead.store(true, Ordering::Relaxed),
            Mode::SwallowRequests if !answers => swallowing = true,
            Mode::SwallowAnswers if answers => swallowing = true,
            Mode::Delay(time) => thread::sleep(time),
            _ => {}
        }
        if swallowing || dead.load(Ordering::Relaxed) {
            continue;
        }
        let passed = match mode {
            Mode::CutAfter(most) if answers => {
                let _ = to.write_all(&bytes[..read.min(most)]);
                return;
            }
            Mode::OneByOne => bytes.chunks(1).try_for_each(|byte| to.write_all(byte)),
            _ => to.write_all(bytes),
        };
        if passed.is_err() {
            return;
        }
    }
}
