//! Reports for the other modules, as texts.

use std::path::Path;

use wats::queue::{EnqueueOptions, Queue, QueueOptions};
use wats::report::ReportText;

/// The n-th id.
pub(crate) fn id(n: u32) -> String {
    format!("10000000-0000-4000-8000-{n:012x}")
}

/// A test report; its text is another one for each comment.
pub(crate) fn test(n: u32, serial: &str, comment: &str) -> String {
    let id = id(n);
    format!(
        r#"{{"id": "{id}", "type": "T", "pn": "PCBA-001", "sn": "{serial}", "rev": "A", "processCode": 100, "result": "P",
"machineName": "ICT-3", "location": "Lab", "purpose": "Test", "start": "2026-01-30T22:01:41+01:00",
"startUTC": "2026-01-30T21:01:41Z", "uut": {{"user": "me", "execTime": 1.5, "comment": "{comment}"}},
"root": {{"id": 0, "name": "Main", "group": "M", "status": "P", "stepType": "SequenceCall",
"seqCall": {{"path": "p", "name": "main.seq", "version": "1.2"}}}}}}"#
    )
}

/// One that no server takes: it has no part number.
pub(crate) fn refused(n: u32) -> String {
    test(n, "SN-refused", "").replace("PCBA-001", "")
}

/// Puts texts into the queue of a folder, unchecked.
pub(crate) fn enqueue(folder: &Path, texts: &[String]) {
    let queue = Queue::open_blocking(folder, QueueOptions::default()).unwrap();
    for text in texts {
        for report in ReportText::all_of(text.clone()).unwrap() {
            let (id, report) = report.with_id().unwrap();
            let entry = EnqueueOptions::default().entry(id, &report).unwrap();
            queue.enqueue(entry).wait().unwrap();
        }
    }
    queue.close().wait().unwrap();
}
