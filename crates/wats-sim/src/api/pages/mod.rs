//! For those who run the server: pages to look at, and routes to steer it by.
//!
//! - here: the routes; `status`: the page with what happens; `report`: a stored report as a tree,
//! - `control`: faults, tokens, counters and clock for programs in any language.
//!
//! What shows needs no token, since a browser has none to give; what changes does.

mod control;
mod report;
mod status;

use std::fmt;

use bytes::Bytes;
use http::StatusCode;

use crate::answer::Answer;
use crate::routes::routes;

routes! {
    GET "/" => status::page;
    GET "/simulator/report/{id}" => report::page;
    GET "/simulator/counters" => control::counters;
    DELETE "/simulator/counters" => control::reset_counters;
    GET "/simulator/requests" => control::requests;
    GET "/simulator/faults" => control::faults;
    POST "/simulator/faults" => control::inject;
    DELETE "/simulator/faults" => control::clear_faults;
    GET "/simulator/peaks" => control::peaks;
    POST "/simulator/tokens" => control::grant;
    DELETE "/simulator/tokens" => control::revoke;
    PUT "/simulator/clock" => control::set_clock;
}

/// Text that stands in HTML as it is.
struct Escaped<T>(T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

const STYLE: &str = "
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.5rem 4rem }
h1 { font-size: 1.5rem; margin: .5rem 0 } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem }
p, dl { margin: .4rem 0 } code, td, summary { font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .18rem .7rem .18rem 0; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid #8885 } tr + tr td { border-top: 1px solid #8882 }
td.n, th.n { text-align: right } .quiet { opacity: .65 } .wide { overflow-x: auto }
.figures { display: flex; flex-wrap: wrap; gap: .6rem 2.2rem } .figures b { display: block; font-size: 1.35rem; font-weight: 600 }
.Passed, .P { color: #12813c } .Failed, .F, .bad { color: #c6282b } .Error, .E, .Terminated, .T { color: #b36200 } .S, .D { opacity: .6 }
ul { list-style: none; padding-left: 1.1rem; margin: .1rem 0; border-left: 1px solid #8883 } li { margin: .12rem 0 }
details > summary { cursor: pointer } a { color: inherit }
@media (prefers-color-scheme: dark) { .Passed, .P { color: #4cc77b } .Failed, .F, .bad { color: #ff7a7a } .Error, .E, .Terminated, .T { color: #f0a54a } }
";

/// A whole page. With `refresh`, the browser asks again every two seconds.
fn html(title: &str, refresh: bool, body: &str) -> Answer {
    let refresh = if refresh {
        "<meta http-equiv=\"refresh\" content=\"2\">"
    } else {
        ""
    };
    let title = Escaped(title);
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
         <body>{body}</body></html>\n"
    );
    Answer::bytes(
        StatusCode::OK,
        "text/html; charset=utf-8",
        Bytes::from(page),
    )
}
