//! Five processes that want more calls than there are, counted by somebody else: a server that every call is made to.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::servers::{Station, assert_within, begin_log, is_long, log};
use crate::testing::{Server, Worker, eventually, orders};

const NAME: &str = "budget::tests::processes::takes_orders";

#[test]
#[ignore = "not a test: what the processes run that other tests start"]
fn takes_orders() {
    let Some(mut orders) = orders() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let order = orders.next().unwrap();
    let words: Vec<&str> = order.split('\t').collect();
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    let millis = |at: usize| Duration::from_millis(number(at));
    let mut counter = TcpStream::connect(("127.0.0.1", number(1) as u16)).unwrap();
    counter.set_nodelay(true).unwrap();
    // Within a runtime, which the limiter sleeps in.
    let _entered = runtime.enter();
    let station = Station::at(words[0], number(2) as u32, millis(3), millis(4));
    eventually("all know of one another", || {
        station.members() == Some(number(5) as u32)
    });
    orders.say("ready").unwrap();
    let calls = orders.next().unwrap().parse().unwrap();
    let counter = Mutex::new(&mut counter);
    runtime.block_on(join_all((0..calls).map(|_: usize| async {
        station.take(None).await.unwrap();
        counter.lock().unwrap().write_all(b"c").unwrap();
    })));
    orders.say(&station.local().to_string()).unwrap();
    // Until it is killed: it is one of five until all have ended.
    let _ = orders.next();
}

/// Notes when calls come.
fn counter() -> (u16, Arc<Mutex<Vec<Instant>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Arc::<Mutex<Vec<Instant>>>::default();
    let of_thread = Arc::clone(&calls);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let calls = Arc::clone(&of_thread);
            thread::spawn(move || {
                let (mut stream, mut call) = (stream, [0]);
                while let Ok(1) = stream.read(&mut call) {
                    calls.lock().unwrap().push(Instant::now());
                }
            });
        }
    });
    (port, calls)
}

#[test]
fn five_processes_use_the_limit_and_no_more_as_the_server_counts_them() {
    let Some(server) = Server::start() else {
        return;
    };
    let (limit, per, slack, windows) = if is_long() {
        (500, Duration::from_secs(60), Duration::from_millis(250), 10)
    } else {
        (20, Duration::from_secs(1), Duration::from_millis(25), 2)
    };
    begin_log(&server);
    let (port, counted) = counter();
    let order = format!(
        "{}\t{port}\t{limit}\t{}\t{}\t5",
        server.url(),
        per.as_millis(),
        slack.as_millis()
    );
    let mut workers: [Worker; 5] = std::array::from_fn(|_| Worker::start(NAME));
    for worker in &mut workers {
        worker.tell(&order);
    }
    for worker in &mut workers {
        assert_eq!(worker.answer(), "ready");
    }
    let each = limit * (windows + 1) / workers.len();
    for worker in &mut workers {
        worker.tell(&each.to_string());
    }
    for worker in &mut workers {
        assert_eq!(
            worker.answer(),
            "0",
            "calls that were granted without the log"
        );
    }
    eventually("counted", || counted.lock().unwrap().len() == each * 5);
    let booked = log(&server);
    assert_within(&booked, limit, per + slack);
    let (first, last) = (booked[0], booked[limit * windows]);
    let used = per.as_secs_f64() * windows as f64 / ((last - first) as f64 / 1e6);
    assert!(used >= 0.97, "{used}");
    let mut times = counted.lock().unwrap().clone();
    times.sort_unstable();
    let stretches = times.windows(limit + 1);
    let shortest = stretches.map(|pair| pair[limit] - pair[0]).min().unwrap();
    println!(
        "used {:.2} % of {limit} in {per:?}; {limit} calls and one more took {shortest:?} at least",
        used * 100.0
    );
    if is_long() {
        assert!(shortest >= per, "{shortest:?}");
    }
}
