//! A wait inside of what an operation calls: an error, and not a deadlock, whichever way the operation runs.

use std::sync::{Arc, Mutex, OnceLock};

use crate::report_common::{id, read, test};
use crate::wait::{Server, api, current_thread, server};
use futures_util::StreamExt as _;
use tokio::runtime::Builder;
use wats_domains::report::{Detail, SubmitOptions};
use wats_domains::{Ask, BulkOptions, Error, Product, Result, Wats};
use wats_http::http::Method;
use wats_http::{BodySource, Call, Idempotency, Intercept, Operation};

/// What waits inside of a callback gave.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<Result<String>>>>);

impl Told {
    /// Waits for a cheap call and keeps what comes of it.
    fn wait(&self, api: &Wats) {
        let outcome = api.version().wait();
        self.0.lock().unwrap().push(outcome);
    }

    fn take(&self) -> Vec<Result<String>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// All were refused, and there were some.
    fn assert_refused(&self, which: &str) {
        let told = self.take();
        assert!(!told.is_empty(), "{which}: not called");
        for outcome in told {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Wait(_)), "{which}: {error:?}");
        }
    }
}

/// Carries an operation out in every way: waited for and awaited, on a plain thread and in runtimes of both kinds. Its
/// callback's waits are refused each time, and itself it ends well.
fn in_every_way<T: Send + 'static>(
    which: &str,
    server: &Server,
    make: impl Fn(&Wats, &Told) -> Ask<T>,
    is_well: impl Fn(T) -> bool,
) {
    let told = Told::default();
    let api = api(server);
    let well = |outcome: Result<T>| {
        assert!(is_well(outcome.unwrap()), "{which}");
        told.assert_refused(which);
    };
    well(make(&api, &told).wait());
    well(current_thread().block_on(async { make(&api, &told).wait() }));
    well(current_thread().block_on(make(&api, &told)));
    let several = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let spawned = several.spawn(make(&api, &told));
    well(several.block_on(spawned).unwrap());
}

fn waits(api: &Wats, told: &Told) -> BulkOptions {
    let (api, told) = (api.clone(), told.clone());
    BulkOptions::default().progress(move |_| told.wait(&api))
}

#[test]
fn of_the_progress_of_a_bulk() {
    let server = server();
    let submit = |api: &Wats, told: &Told| {
        let reports = (0..8).map(|n| read(&test(id(n % 2), "S")));
        let many = waits(api, told);
        api.report()
            .submit_many(reports, &SubmitOptions::default(), &many)
    };
    in_every_way("submit_many", &server, submit, |parts| parts.is_ok());
    let get = |api: &Wats, told: &Told| {
        let many = waits(api, told);
        api.report()
            .get_many([id(0), id(1)], Detail::default(), &many)
    };
    in_every_way("get_many", &server, get, |parts| parts.is_ok());
    let save = |api: &Wats, told: &Told| {
        let many = waits(api, told);
        api.product().save_each([Product::new("A")], &many)
    };
    in_every_way("save_each", &server, save, |parts| parts.is_ok());
}

#[test]
fn of_a_list_that_makes_its_items() {
    let server = server();
    let submit = |api: &Wats, told: &Told| {
        let (waiting, told) = (api.clone(), told.clone());
        let reports = (0..8).map(move |n| {
            told.wait(&waiting);
            read(&test(id(n), "S"))
        });
        let many = BulkOptions::default();
        api.report()
            .submit_many(reports, &SubmitOptions::default(), &many)
    };
    in_every_way("the list", &server, submit, |parts| parts.is_ok());

    let (api, told) = (api(&server), Told::default());
    let ids = |told: &Told| {
        let (api, told) = (api.clone(), told.clone());
        (0..3).map(move |n| {
            told.wait(&api);
            id(n)
        })
    };
    let each = api.report().get_each(ids(&told), Detail::default(), 2);
    assert_eq!(each.wait().count(), 3);
    told.assert_refused("an iterator");
    let each = api.report().get_each(ids(&told), Detail::default(), 2);
    assert_eq!(current_thread().block_on(each.count()), 3);
    told.assert_refused("a stream");
}

/// An iterator that is carried into a callback says so once, and ends.
#[test]
fn of_an_iterator() {
    let server = server();
    let api = api(&server);
    let each = api.report().get_each([id(0), id(1)], Detail::default(), 2);
    let each = Mutex::new(each.wait());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let many = BulkOptions::default().progress({
        let seen = Arc::clone(&seen);
        move |_| seen.lock().unwrap().push(each.lock().unwrap().next())
    });
    let products = ["A", "B", "C"].map(Product::new);
    let saved = api.product().save_each(products, &many);
    assert!(saved.wait().unwrap().is_ok());
    let seen = seen.lock().unwrap();
    let [Some(Err(Error::Wait(_))), None, None] = &seen[..] else {
        panic!("{seen:?}");
    };
}

/// Waits in an interceptor, but for the call that it waits for.
#[derive(Clone, Debug, Default)]
struct Waits {
    api: Arc<OnceLock<Wats>>,
    told: Told,
}

impl Intercept for Waits {
    fn before_attempt(
        &self,
        _: &mut wats_http::Attempt<'_>,
    ) -> std::result::Result<(), wats_http::Refusal> {
        if let Some(api) = self.api.get() {
            self.told.wait(api);
        }
        Ok(())
    }
}

#[test]
fn of_an_interceptor() {
    let server = server();
    let waits = Waits::default();
    let client = wats_http::Client::builder()
        .base_url(server.sim.base_url())
        .token(server.sim.token())
        .intercept(waits.clone())
        .build()
        .unwrap();
    let api = Wats::from(client);
    waits.api.set(api.clone()).unwrap();
    api.version().wait().unwrap();
    waits.told.assert_refused("waited for");
    current_thread().block_on(api.version()).unwrap();
    waits.told.assert_refused("awaited");
    let submitted = api.report().submit(&read(&test(id(1), "S")));
    submitted.wait().unwrap();
    waits.told.assert_refused("a submit");
}

static VERSION: Operation = Operation::new(
    "test.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);
static SUBMIT: Operation = Operation::new(
    "test.submit",
    Method::POST,
    "/api/Report/WSJF",
    Idempotency::Idempotent,
);

/// The transport's own calls are no operations that are waited for: in their callbacks a wait holds up the thread, and
/// works.
#[test]
fn of_uploads_and_downloads_of_the_transport_works() {
    let server = server();
    let api = api(&server);
    let told = Told::default();
    let hear = || {
        let (api, told) = (api.clone(), told.clone());
        move |_| told.wait(&api)
    };
    let report = serde_json::to_vec(&test(id(1), "S")).unwrap();
    current_thread().block_on(async {
        let download = api.http().download(Call::new(&VERSION)).await.unwrap();
        let mut read = Vec::new();
        let download = download.on_progress(hear());
        assert!(download.write_to(&mut read).await.unwrap() > 0);
        let reader = std::io::Cursor::new(report);
        let call = Call::new(&SUBMIT)
            .stream(BodySource::reader(reader), "application/json")
            .on_upload(hear());
        api.http().execute(call).await.unwrap();
    });
    let told = told.take();
    assert!(
        told.len() >= 2 && told.iter().all(Result::is_ok),
        "{told:?}"
    );
}
