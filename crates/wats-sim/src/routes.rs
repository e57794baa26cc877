//! The routes of the server and how a path finds its own.
//!
//! Paths compare without regard to case, as ASP.NET does; a segment is percent-decoded by itself,
//! so a `%2F` stays inside its parameter. Fixed segments win over parameters.

use http::Method;
use percent_encoding::percent_decode_str;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Version,
    Processes,
    QueryProducts,
    GetProduct,
    GetRevision,
    PutProduct,
    PutProducts,
    PutRevision,
    PutRevisions,
    PutUnits,
    PutBatches,
    Report(ReportEndpoint),
}

/// What a route for reports does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportEndpoint {
    Post,
    PostWsxf,
    Get,
    GetWsxf,
    Attachment,
    Attachments,
    Certificate,
    Headers,
    ByMiscInfo,
    State,
    Quarantine,
    DeleteQuarantined,
    Retry,
    RetryFuture,
}

/// One method on one path template.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) endpoint: Endpoint,
}

const fn route(method: &'static str, template: &'static str, endpoint: Endpoint) -> Route {
    Route {
        method,
        template,
        endpoint,
    }
}

/// All routes, those with fixed segments before those with parameters in the same place.
const ROUTES: &[Route] = &[
    route("GET", "/api/App/Version", Endpoint::Version),
    route("GET", "/api/App/Processes", Endpoint::Processes),
    route("GET", "/api/Product/Query", Endpoint::QueryProducts),
    route("PUT", "/api/Product", Endpoint::PutProduct),
    route("PUT", "/api/Products", Endpoint::PutProducts),
    route("PUT", "/api/Product/Products", Endpoint::PutProducts),
    route("PUT", "/api/Product/Revision", Endpoint::PutRevision),
    route("PUT", "/api/Product/Revisions", Endpoint::PutRevisions),
    route("PUT", "/api/Products/Revisions", Endpoint::PutRevisions),
    route("PUT", "/api/Production/Units", Endpoint::PutUnits),
    route("PUT", "/api/Production/Batches", Endpoint::PutBatches),
    route("GET", "/api/Product/{partNumber}", Endpoint::GetProduct),
    route(
        "GET",
        "/api/Product/{partNumber}/{revision}",
        Endpoint::GetRevision,
    ),
    route(
        "POST",
        "/api/Report/WSJF",
        Endpoint::Report(ReportEndpoint::Post),
    ),
    route(
        "POST",
        "/api/Report/WSXF",
        Endpoint::Report(ReportEndpoint::PostWsxf),
    ),
    route(
        "GET",
        "/api/Report/Query/Header",
        Endpoint::Report(ReportEndpoint::Headers),
    ),
    route(
        "GET",
        "/api/Report/Query/HeaderByMiscInfo",
        Endpoint::Report(ReportEndpoint::ByMiscInfo),
    ),
    route(
        "GET",
        "/api/Report/Wsjf/{id}",
        Endpoint::Report(ReportEndpoint::Get),
    ),
    route(
        "GET",
        "/api/Report/Wsxf/{id}",
        Endpoint::Report(ReportEndpoint::GetWsxf),
    ),
    route(
        "GET",
        "/api/Report/Attachment",
        Endpoint::Report(ReportEndpoint::Attachment),
    ),
    route(
        "GET",
        "/api/Report/Attachments/{id}",
        Endpoint::Report(ReportEndpoint::Attachments),
    ),
    route(
        "GET",
        "/api/Report/Certificate/{id}",
        Endpoint::Report(ReportEndpoint::Certificate),
    ),
    route(
        "GET",
        "/api/internal/Report/GetReportState/{id}",
        Endpoint::Report(ReportEndpoint::State),
    ),
    route(
        "GET",
        "/api/internal/Quarantine",
        Endpoint::Report(ReportEndpoint::Quarantine),
    ),
    route(
        "DELETE",
        "/api/internal/Quarantine",
        Endpoint::Report(ReportEndpoint::DeleteQuarantined),
    ),
    route(
        "POST",
        "/api/internal/Quarantine/Retry",
        Endpoint::Report(ReportEndpoint::Retry),
    ),
    route(
        "POST",
        "/api/internal/Quarantine/Retry/Future",
        Endpoint::Report(ReportEndpoint::RetryFuture),
    ),
];

/// Where a request's path and method lead.
#[derive(Debug)]
pub(crate) enum Resolved {
    Found {
        route: &'static Route,
        params: Vec<String>,
    },
    /// The path exists, with other methods.
    WrongMethod {
        template: &'static str,
        allow: String,
    },
    Unknown,
    /// A segment is not UTF-8 once decoded.
    BadEncoding,
}

/// Finds the route of a request; `path` is as it came, still encoded.
pub(crate) fn resolve(method: &Method, path: &str) -> Resolved {
    let mut segments = Vec::new();
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        match percent_decode_str(segment).decode_utf8() {
            Ok(decoded) => segments.push(decoded.into_owned()),
            Err(_) => return Resolved::BadEncoding,
        }
    }

    let mut first_template = None;
    let mut allow: Vec<&str> = Vec::new();
    for route in ROUTES {
        let Some(params) = match_template(route.template, &segments) else {
            continue;
        };
        if route.method == method.as_str() {
            return Resolved::Found { route, params };
        }
        first_template.get_or_insert(route.template);
        if !allow.contains(&route.method) {
            allow.push(route.method);
        }
    }
    match first_template {
        Some(template) => Resolved::WrongMethod {
            template,
            allow: allow.join(", "),
        },
        None => Resolved::Unknown,
    }
}

/// The parameters, if the segments fit the template. A parameter is never empty.
fn match_template(template: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut segments = segments.iter();
    for wanted in template.split('/').skip(1) {
        let segment = segments.next()?;
        if wanted.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            params.push(segment.clone());
        } else if !segment.eq_ignore_ascii_case(wanted) {
            return None;
        }
    }
    segments.next().is_none().then_some(params)
}

/// The method as a counter names it; anything unusual is `OTHER`, so that the counters stay few.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> Option<(Endpoint, Vec<String>)> {
        match resolve(method, path) {
            Resolved::Found { route, params } => Some((route.endpoint, params)),
            _ => None,
        }
    }

    #[test]
    fn paths_ignore_case_and_parameters_keep_it() {
        let (endpoint, params) = found(&Method::GET, "/API/product/AbC").unwrap();
        assert_eq!(
            (endpoint, params),
            (Endpoint::GetProduct, vec!["AbC".to_owned()])
        );
        assert_eq!(
            found(&Method::GET, "/api/PRODUCT/query").unwrap().0,
            Endpoint::QueryProducts
        );
    }

    #[test]
    fn an_encoded_slash_stays_in_its_segment() {
        let path = "/api/Product/A%2FB%3Fx%3D1%232%20%252F%27%C3%B8";
        let (endpoint, params) = found(&Method::GET, path).unwrap();
        assert_eq!(endpoint, Endpoint::GetProduct);
        assert_eq!(params, ["A/B?x=1#2 %2F'ø"]);
    }

    #[test]
    fn unknown_wrong_method_and_bad_encoding_differ() {
        assert!(matches!(
            resolve(&Method::GET, "/api/Nothing"),
            Resolved::Unknown
        ));
        assert!(matches!(
            resolve(&Method::GET, "/api/Product/"),
            Resolved::Unknown
        ));
        assert!(matches!(
            resolve(&Method::GET, "/api/Product/%FF"),
            Resolved::BadEncoding
        ));
        let Resolved::WrongMethod { template, allow } = resolve(&Method::DELETE, "/api/product/x")
        else {
            panic!("a known path with another method");
        };
        assert_eq!(
            (template, allow.as_str()),
            ("/api/Product/{partNumber}", "GET")
        );
    }

    #[test]
    fn a_parameter_may_have_a_reserved_name_where_the_method_differs() {
        let (endpoint, params) = found(&Method::GET, "/api/Product/Revision").unwrap();
        assert_eq!(
            (endpoint, params),
            (Endpoint::GetProduct, vec!["Revision".to_owned()])
        );
    }
}
