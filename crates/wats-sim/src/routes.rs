//! The table of the server's routes and how a path finds its own.
//!
//! Each domain lists its routes beside its handlers ([`routes!`](crate::routes::routes)); [`Routes`] joins the lists.
//! Paths compare without regard to case, as ASP.NET does; a segment is percent-decoded by itself,
//! so a `%2F` stays inside its parameter. Fixed segments win over parameters.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::answer::Handled;
use crate::call::Call;

/// What answers a request.
pub(crate) type Handler = fn(&Call<'_>) -> Handled;

/// One method on one path template.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// The path with its parameters in braces; a parameter is a whole segment, or the end of one.
    pub(crate) template: &'static str,
    pub(crate) handler: Handler,
}

impl Route {
    /// Whether the route is one that a WATS server has too; the others are for those who run this one.
    pub(crate) fn is_of_server(&self) -> bool {
        self.template.starts_with("/api/")
    }

    /// Whether it needs no token: what shows the state of this server.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_of_server() && self.method == "GET"
    }
}

/// The routes of a domain: `routes! { GET "/api/App/Version" => version; }` makes the constant `ROUTES`.
macro_rules! routes {
    ($($method:ident $template:literal => $handler:path;)*) => {
        pub(crate) const ROUTES: &[crate::routes::Route] = &[$(crate::routes::Route {
            method: stringify!($method),
            template: $template,
            handler: $handler,
        }),*];
    };
}
pub(crate) use routes;

/// All routes, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Routes {
    /// With fixed segments before parameters in the same place.
    rows: Vec<(Vec<Segment>, &'static Route)>,
}

/// A segment of a template. Parameters come last in the order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Fixed(&'static str),
    /// The end of the segment after this beginning.
    Parameter(&'static str),
}

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

impl Routes {
    pub(crate) fn new(lists: &[&'static [Route]]) -> Self {
        let parse = |part: &'static str| match part.find('{') {
            Some(at) => Segment::Parameter(part.get(..at).unwrap_or_default()),
            None => Segment::Fixed(part),
        };
        let mut rows: Vec<(Vec<Segment>, &'static Route)> = lists
            .iter()
            .flat_map(|list| list.iter())
            .map(|route| {
                (
                    route.template.split('/').skip(1).map(parse).collect(),
                    route,
                )
            })
            .collect();
        // A parameter with a fixed beginning is tried before one without.
        rows.sort_by_key(|(segments, _)| {
            let rank = |segment: &Segment| match segment {
                Segment::Fixed(_) => 0,
                Segment::Parameter(beginning) if !beginning.is_empty() => 1,
                Segment::Parameter(_) => 2,
            };
            segments.iter().map(rank).collect::<Vec<u8>>()
        });
        Self { rows }
    }

    /// All routes.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Route> {
        self.rows.iter().map(|(_, route)| *route)
    }

    /// Finds the route of a request; `path` is as it came, still encoded.
    pub(crate) fn resolve(&self, method: &Method, path: &str) -> Resolved {
        let mut segments = Vec::new();
        for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
            match percent_decode_str(segment).decode_utf8() {
                Ok(decoded) => segments.push(decoded),
                Err(_) => return Resolved::BadEncoding,
            }
        }

        let mut first_template = None;
        let mut allow: Vec<&str> = Vec::new();
        for (template, route) in &self.rows {
            if !fits(template, &segments) {
                continue;
            }
            if route.method == method.as_str() {
                let params = parameters(template, &segments);
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
}

/// Whether the segments fit the template. A parameter is never empty.
fn fits(template: &[Segment], segments: &[impl AsRef<str>]) -> bool {
    let one = |(wanted, given): (&Segment, &str)| match wanted {
        Segment::Fixed(name) => given.eq_ignore_ascii_case(name),
        Segment::Parameter(beginning) => {
            let head = given.get(..beginning.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(beginning))
                && given.len() > beginning.len()
        }
    };
    template.len() == segments.len()
        && template
            .iter()
            .zip(segments.iter().map(AsRef::as_ref))
            .all(one)
}

fn parameters(template: &[Segment], segments: &[impl AsRef<str>]) -> Vec<String> {
    let value = |(wanted, given): (&Segment, &str)| match wanted {
        Segment::Fixed(_) => None,
        Segment::Parameter(beginning) => given.get(beginning.len()..).map(str::to_owned),
    };
    template
        .iter()
        .zip(segments.iter().map(AsRef::as_ref))
        .filter_map(value)
        .collect()
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
    use crate::api;

    fn found(method: &Method, path: &str) -> Option<(&'static str, Vec<String>)> {
        match api::routes().resolve(method, path) {
            Resolved::Found { route, params } => Some((route.template, params)),
            _ => None,
        }
    }

    #[test]
    fn paths_ignore_case_and_parameters_keep_it() {
        let (template, params) = found(&Method::GET, "/API/product/AbC").unwrap();
        assert_eq!(
            (template, params),
            ("/api/Product/{partNumber}", vec!["AbC".to_owned()])
        );
        assert_eq!(
            found(&Method::GET, "/api/PRODUCT/query").unwrap().0,
            "/api/Product/Query"
        );
    }

    #[test]
    fn an_encoded_slash_stays_in_its_segment() {
        let path = "/api/Product/A%2FB%3Fx%3D1%232%20%252F%27%C3%B8";
        let (template, params) = found(&Method::GET, path).unwrap();
        assert_eq!(template, "/api/Product/{partNumber}");
        assert_eq!(params, ["A/B?x=1#2 %2F'ø"]);
    }

    #[test]
    fn unknown_wrong_method_and_bad_encoding_differ() {
        let resolve = |method, path| api::routes().resolve(method, path);
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
        let (template, params) = found(&Method::GET, "/api/Product/Revision").unwrap();
        assert_eq!(
            (template, params),
            ("/api/Product/{partNumber}", vec!["Revision".to_owned()])
        );
    }

    #[test]
    fn no_route_stands_twice_and_none_hides_another() {
        for route in api::routes().all() {
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            // A value for each parameter that no fixed segment has.
            let path = route.template.replace(['{', '}'], "~");
            let (template, _) = found(&method, &path).unwrap();
            assert_eq!(template, route.template);
        }
        let mut seen: Vec<_> = api::routes()
            .all()
            .map(|route| (route.method, route.template))
            .collect();
        seen.sort_unstable();
        assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
