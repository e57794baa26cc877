//! Bulks that are waited for: every one of them, beside tasks, given up half-way, after the end of a runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::report_common::{id, read, test};
use crate::wait::{Server, api, current_thread, server};
use tokio::runtime::Builder;
use wats_domains::report::{ConfirmOptions, Detail, Report, SubmissionState, SubmitOptions};
use wats_domains::{BulkOptions, Product, Wats};

fn reports(count: u128) -> Vec<Arc<Report>> {
    let report = |n| Arc::new(read(&test(id(n), &format!("S{n}"))));
    (0..count).map(report).collect()
}

fn submit(api: &Wats, count: u128) {
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    let bulk = api.report().submit_many(reports(count), &options, &many);
    assert_eq!(bulk.wait().unwrap().ok.len(), count as usize);
}

#[test]
fn every_bulk_on_a_plain_thread() {
    let server = server();
    let api = api(&server);
    submit(&api, 20);
    let (detail, many) = (Detail::default(), BulkOptions::default());
    let ids: Vec<_> = (0..25).map(id).collect();
    let got = api.report().get_many(&ids, detail, &many).wait().unwrap();
    assert_eq!((got.ok.len(), got.failed.len()), (20, 5));

    let mut seen = Vec::new();
    for read in api.report().get_each(ids.clone(), detail, 3).wait() {
        let (report_id, report) = read.unwrap();
        let known = report_id < id(20);
        assert_eq!(
            report.ok().and_then(|report| report.id),
            known.then_some(report_id)
        );
        seen.push(report_id);
    }
    seen.sort_unstable();
    assert_eq!(seen, ids);

    let found = api
        .product()
        .get_many(["PART-0001", "none"])
        .wait()
        .unwrap();
    assert_eq!((found.ok.len(), found.failed.len()), (1, 1));
    let products = ["A", "B"].map(Product::new);
    assert!(
        api.product()
            .save_each(products, &many)
            .wait()
            .unwrap()
            .is_ok()
    );

    let internal = api.report().internal();
    let confirm = ConfirmOptions::default().timeout(Duration::from_secs(600));
    assert_eq!(
        internal.confirm(id(0), &confirm).wait().unwrap(),
        SubmissionState::Stored
    );
    assert!(internal.quarantine().wait().unwrap().is_empty());
    assert!(internal.state(id(0)).wait().unwrap().is_some());
    assert!(
        api.report()
            .attachments_zip(id(0))
            .wait()
            .unwrap()
            .contents
            .len()
            > 20
    );
    let peak = server.sim.counters().connections_opened;
    assert!(peak <= BulkOptions::default().at_once as u64, "{peak}");
}

#[test]
fn of_one_client_that_tasks_use_at_the_same_time() {
    let server = server();
    let api = api(&server);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    let task = runtime.spawn({
        let bulk = api.report().submit_many(reports(100), &options, &many);
        async move { bulk.await.unwrap() }
    });
    // The same ids from threads: those wait for each other on both sides.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| submit(&api, 100));
        }
    });
    assert!(runtime.block_on(task).unwrap().is_ok());
    assert_eq!(
        server.sim.counters().requests_to("POST /api/Report/WSJF"),
        500
    );
}

#[test]
fn after_the_runtime_that_dialled_has_ended() {
    let server = server();
    let api = api(&server);
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    for _ in 0..2 {
        let bulk = api.report().submit_many(reports(10), &options, &many);
        assert!(current_thread().block_on(bulk).unwrap().is_ok());
        submit(&api, 10);
    }
    // One that a runtime has left half-way is read on by the driver.
    let mut each = api.report().get_each((0..10).map(id), Detail::default(), 2);
    let first = current_thread().block_on(futures_util::StreamExt::next(&mut each));
    let rest: Vec<_> = each.wait().collect();
    assert_eq!(
        first.into_iter().chain(rest).filter_map(Result::ok).count(),
        10
    );
}

#[test]
fn an_iterator_is_dropped_half_way() {
    fn half_way(server: &Server, api: &Wats) {
        server.sim.reset_counters();
        let ids: Vec<_> = (0..100).map(|n| id(n % 10)).collect();
        let mut each = api.report().get_each(ids, Detail::default(), 4).wait();
        for _ in 0..3 {
            assert!(each.next().unwrap().unwrap().1.is_ok());
        }
        drop(each);
        let asked = server.sim.counters().total_requests();
        assert!((3..=3 + 4).contains(&asked), "{asked}");
        submit(api, 2);
    }
    let server = server();
    let api = api(&server);
    submit(&api, 10);
    half_way(&server, &api);
    current_thread().block_on(async { half_way(&server, &api) });
}

#[test]
fn dropped_inside_a_task() {
    let server = server();
    current_thread().block_on(async {
        let api = api(&server);
        submit(&api, 3);
        let (options, many) = (SubmitOptions::default(), BulkOptions::default());
        drop(api.report().submit_many(reports(3), &options, &many));
        let each = api.report().get_each([id(0), id(1)], Detail::default(), 1);
        let mut each = each.wait();
        assert!(each.next().is_some());
        // The iterator is the last handle of the client.
        drop(api);
        assert!(each.next().is_some());
        drop(each);
    });
}

#[test]
fn a_panic_in_a_callback_is_told_and_the_thread_lives_on() {
    let server = server();
    let api = api(&server);
    let (options, detail) = (SubmitOptions::default(), Detail::default());
    let many = BulkOptions::default().progress(|progress| {
        assert!(progress.done < 3, "of the user");
    });
    let report = api.report();
    let panics: [Box<dyn FnOnce() + '_>; 4] = [
        Box::new(|| drop(report.submit_many(reports(9), &options, &many).wait())),
        Box::new(|| {
            let bulk = report.get_many((0..9).map(id), detail, &many);
            drop(bulk.wait());
        }),
        Box::new(|| {
            let products = ["A", "B", "C"].map(Product::new);
            drop(api.product().save_each(products, &many).wait());
        }),
        Box::new(|| {
            let ids = (0..9).map(|n| {
                assert!(n < 3, "of the user");
                id(n)
            });
            assert_eq!(report.get_each(ids, detail, 1).wait().count(), 9);
        }),
    ];
    for panics in panics {
        let panic = catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "of the user");
        submit(&api, 1);
    }
    let panics = report.submit_many(reports(9), &options, &many);
    let awaited = || drop(current_thread().block_on(panics));
    assert!(catch_unwind(AssertUnwindSafe(awaited)).is_err());
    submit(&api, 9);
}
