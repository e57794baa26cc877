//! The page with what happens: figures, routes hit, requests that came last, stored reports, faults in force.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Escaped, html};
use crate::answer::Handled;
use crate::call::Call;
use crate::store::StoredReport;

/// Most rows of a table.
const ROWS: usize = 30;

pub(super) fn page(call: &Call<'_>) -> Handled {
    let counters = call.server.meter.snapshot();
    let mut reports = call.store.read(|state| state.reports.all());
    let count = reports.len();
    reports.sort_unstable_by_key(|report| std::cmp::Reverse(report.time_stamp));
    reports.truncate(ROWS);

    let mut body = String::from("<h1>WATS simulator</h1>");
    // Writing into a text does not fail.
    let _ = write!(
        body,
        "<div class=\"figures\"><div><b>{}</b>requests</div><div><b>{}</b>connections live</div><div><b>{}</b>opened</div>\
         <div><b>{count}</b>reports</div><div><b>{}</b>bytes in</div><div><b>{}</b>bytes out</div></div>",
        counters.total_requests(),
        counters.connections_live,
        counters.connections_opened,
        counters.bytes_in,
        counters.bytes_out,
    );
    faults(&mut body, &call.server.faults.list());
    requests(&mut body, call);
    stored(&mut body, &reports);
    routes(&mut body, &counters.requests);
    let _ = write!(
        body,
        "<p class=\"quiet\">The time of the server is {}. The page is refreshed every two seconds.</p>",
        call.now()
    );
    Ok(html("WATS simulator", true, &body))
}

fn faults(body: &mut String, faults: &[String]) {
    if faults.is_empty() {
        return;
    }
    body.push_str("<h2>Faults in force</h2><ul>");
    for fault in faults {
        let _ = write!(body, "<li class=\"bad\">{}</li>", Escaped(fault));
    }
    body.push_str("</ul>");
}

fn requests(body: &mut String, call: &Call<'_>) {
    let recent = call.server.log.recent();
    body.push_str("<h2>Last requests</h2>");
    if recent.is_empty() {
        body.push_str("<p class=\"quiet\">none yet</p>");
        return;
    }
    body.push_str("<div class=\"wide\"><table><tr><th>time<th>request<th class=\"n\">status<th class=\"n\">ms<th class=\"n\">in<th class=\"n\">out</tr>");
    for request in recent.iter().take(ROWS) {
        let status = request
            .status
            .map_or("cut".to_owned(), |status| status.to_string());
        let class = if request.status.is_some_and(|status| status < 400) {
            ""
        } else {
            " bad"
        };
        let _ = write!(
            body,
            "<tr><td>{}<td><code>{} {}</code><td class=\"n{class}\">{status}<td class=\"n\">{:.1}<td class=\"n\">{}<td class=\"n\">{}</tr>",
            request.time.strftime("%H:%M:%S"),
            Escaped(&request.method),
            Escaped(&request.path),
            request.millis,
            request.bytes_in,
            request.bytes_out,
        );
    }
    body.push_str("</table></div>");
}

fn stored(body: &mut String, reports: &[Arc<StoredReport>]) {
    body.push_str("<h2>Stored reports</h2>");
    if reports.is_empty() {
        body.push_str("<p class=\"quiet\">none yet</p>");
        return;
    }
    body.push_str("<div class=\"wide\"><table><tr><th>result<th>serial number<th>part number<th>process<th>station<th>start</tr>");
    for report in reports {
        let text = |name: &str| match report.header.get(name) {
            Some(serde_json::Value::String(text)) => text.clone(),
            _ => String::new(),
        };
        let _ = write!(
            body,
            "<tr><td class=\"{0}\">{0}<td><a href=\"/simulator/report/{1}\">{2}</a><td>{3} {4}<td>{5}<td>{6}<td>{7}</tr>",
            Escaped(text("result")),
            Escaped(text("uuid")),
            Escaped(text("serialNumber")),
            Escaped(text("partNumber")),
            Escaped(text("revision")),
            Escaped(text("processName")),
            Escaped(text("stationName")),
            Escaped(text("start")),
        );
    }
    body.push_str("</table></div>");
}

fn routes(body: &mut String, requests: &std::collections::BTreeMap<String, u64>) {
    body.push_str("<h2>Routes</h2>");
    if requests.is_empty() {
        body.push_str("<p class=\"quiet\">none yet</p>");
        return;
    }
    body.push_str("<table><tr><th>route<th class=\"n\">requests</tr>");
    for (route, count) in requests {
        let _ = write!(
            body,
            "<tr><td><code>{}</code><td class=\"n\">{count}</tr>",
            Escaped(route)
        );
    }
    body.push_str("</table>");
}
