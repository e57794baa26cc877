//! Several processes on one folder: writers, senders, some of them killed or stopped.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;

use wats_queue::{DrainOptions, Queue};

use crate::child::{Process, command};
use crate::support::{
    INLINE, LONG, Receiver, fast_folder, open, options, put, states, times, until,
};

#[test]
fn writers_and_senders_share_a_folder_while_senders_are_killed() {
    shared(3, times(30) as u32, 3);
}

#[test]
#[ignore = "minutes: eight writers, ten thousand items"]
fn many_writers_and_senders_share_a_folder_while_senders_are_killed() {
    shared(8, 1250, 30);
}

fn shared(writers: u32, each: u32, kills: u32) {
    let folder = fast_folder();
    let all = writers * each;
    let (sender, said) = mpsc::channel();
    let mut threads = Vec::new();
    for writer in 0..writers {
        let role = format!("enqueue {} {}", writer * each, (writer + 1) * each);
        let mut process = Process::start(command(&role, folder.path()));
        threads.push(thread::spawn(move || {
            let ended = process.rest().iter().any(|(word, _)| word == "end");
            assert!(ended, "a writer has ended too early");
        }));
    }
    // A sender, whose words are heard on a thread of their own, and who is killed by its number.
    let start = |sender: mpsc::Sender<(String, u32)>| {
        let mut process = Process::start(command("drain 4", folder.path()));
        let id = process.child.id();
        let thread = thread::spawn(move || {
            while let Some(line) = process.line() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        (id, thread)
    };
    let mut senders = [start(sender.clone()), start(sender.clone())];
    let mut counts: HashMap<u32, u32> = HashMap::new();
    let mut killed = 0;
    while counts.len() < all as usize {
        let (word, at) = said.recv_timeout(LONG).expect("nobody sends any more");
        match word.as_str() {
            "torn" => panic!("{at} was not what was stored"),
            "sent" => *counts.entry(at).or_default() += 1,
            _ => continue,
        }
        let due = (killed + 1) * all / (kills + 1);
        if killed < kills && counts.len() as u32 >= due {
            kill(senders[0].0);
            senders[0] = start(sender.clone());
            senders.rotate_left(1);
            killed += 1;
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let queue = Queue::open_blocking(folder.path(), options().inline_limit(INLINE)).unwrap();
    until("nothing is left", || states(&queue).is_empty());
    for (id, _) in &senders {
        kill(*id);
    }
    drop(sender);
    for (_, thread) in senders {
        thread.join().unwrap();
    }
    for (word, at) in &said {
        if word == "sent" {
            *counts.entry(at).or_default() += 1;
        }
    }
    let repeats: u32 = counts.values().map(|count| count - 1).sum();
    assert!(
        repeats <= kills * 4,
        "{repeats} repeats after {kills} kills"
    );
}

fn kill(id: u32) {
    signal(id, "KILL");
}

fn signal(id: u32, name: &str) {
    #[cfg(unix)]
    let mut command = {
        let mut command = std::process::Command::new("kill");
        command.arg(format!("-{name}")).arg(id.to_string());
        command
    };
    #[cfg(not(unix))]
    let mut command = {
        assert_eq!(name, "KILL");
        let mut command = std::process::Command::new("taskkill");
        command.args(["/F", "/PID", &id.to_string()]);
        command
    };
    let status = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

/// Also that nobody waits for who is gone: no clock is involved.
#[test]
fn the_items_of_a_killed_process_go_to_others_at_once() {
    let folder = fast_folder();
    let queue = open(folder.path());
    put(&queue, 1);
    let mut process = Process::start(command("stall", folder.path()));
    process.until("sending");
    let receiver = Receiver::that_takes_all();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
        .unwrap();
    queue.health().wait().unwrap();
    assert!(receiver.got().is_empty(), "its owner is alive");
    process.kill();
    let killed = std::time::Instant::now();
    until("it is sent", || receiver.got() == [1]);
    println!("taken over after {:?}", killed.elapsed());
    drain.stop(LONG).wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_process_that_was_stopped_and_goes_on_changes_nothing_any_more() {
    let folder = fast_folder();
    let quick = options().stalled_after(std::time::Duration::from_millis(300));
    let queue = Queue::open_blocking(folder.path(), quick).unwrap();
    put(&queue, 1);
    let mut process = Process::start(command("stall", folder.path()));
    process.until("sending");
    signal(process.child.id(), "STOP");
    let receiver = Receiver::that_takes_all();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
        .unwrap();
    until("it is taken over and sent", || {
        receiver.got() == [1] && states(&queue).is_empty()
    });
    process.go_on();
    signal(process.child.id(), "CONT");
    process.until("late");
    assert_eq!(states(&queue), []);
    drain.stop(LONG).wait().unwrap();
}
