//! What a server and a token can do, as far as a few calls that change nothing tell.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use futures_util::future::join4;

use crate::ask::{Ask, Core, Route};
use crate::client::Wats;
use crate::error::{Error, Result};
use crate::process;
use crate::route;

/// What is known of a server and a token; from [`Wats::capabilities`]. Each part is what the server said, or the error
/// because of which it is not known.
#[derive(Debug)]
#[non_exhaustive]
pub struct Capabilities {
    /// The version of the server (`GET /api/App/Version`).
    pub version: Result<ServerVersion>,
    /// Whether the token may read (`GET /api/App/Processes`). What it may write cannot be found out without writing.
    pub reads: Result<Access>,
    /// What the server says of its state (`GET /api/SystemStatus`).
    pub status: Result<BTreeMap<String, String>>,
    /// Whether routes that the server does not publish can be used (`GET /api/internal/Client/Ping`).
    pub internal_routes: Result<Access>,
}

/// Whether the server lets the token do something.
#[derive(Debug)]
pub enum Access {
    /// It has done it.
    Allowed,
    /// It has refused it: the token is not accepted (401), lacks the right (403), or there is no such route (404, 405).
    Refused(Error),
}

impl Access {
    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// The version of a server, such as `2025.3.9.824`. Versions compare number by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion([u32; 4]);

impl ServerVersion {
    /// Its numbers; those that it does not have are 0.
    pub fn numbers(&self) -> [u32; 4] {
        self.0
    }
}

impl FromStr for ServerVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = [0; 4];
        let mut parts = text.trim().split('.');
        let mut read = || {
            for (place, part) in parts.by_ref().enumerate() {
                let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                *numbers.get_mut(place)? = part.parse().ok().filter(|_| is_number)?;
            }
            Some(())
        };
        match read() {
            Some(()) => Ok(Self(numbers)),
            None => Err(Error::Data(format!(
                "{text:?} is no version of a server, such as 2025.3.9.824"
            ))),
        }
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, release, build, revision] = self.0;
        write!(f, "{year}.{release}.{build}.{revision}")
    }
}

impl Wats {
    /// Finds out what the server and the token can do, by four calls at once that change nothing. Each part tells by itself
    /// what is known, or why it is not; a server that cannot be reached makes all of them unknown.
    ///
    /// # Errors
    /// Only [`Error::Wait`].
    ///
    /// ```no_run
    /// # async fn example(wats: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let can = wats.capabilities().await?;
    /// match &can.version {
    ///     Ok(version) => println!("version {version}"),
    ///     Err(error) => println!("the version is not known: {error:#}"),
    /// }
    /// let confirms = can.internal_routes.is_ok_and(|access| access.is_allowed());
    /// # let _ = confirms;
    /// # Ok(()) }
    /// ```
    pub fn capabilities(&self) -> Ask<Capabilities> {
        self.core.run(|core| async move {
            let version = core.ask::<String>(&route::version, Ok(route::version.call()));
            let status = super::route::status.call();
            let status = core.ask(&super::route::status, Ok(status));
            let reads = access(&core, &process::route::list);
            let internal = access(&core, &super::route::internal::ping);
            let (version, status, reads, internal_routes) =
                Box::pin(join4(version, status, reads, internal)).await;
            Ok(Capabilities {
                version: version.and_then(|text| text.parse()),
                reads,
                status,
                internal_routes,
            })
        })
    }
}

async fn access(core: &Core, route: &'static Route) -> Result<Access> {
    match core.send(route, route.call()).await {
        // A page of a proxy or a login is no answer of the server.
        Ok(response) => core
            .decode::<serde_json::Value>(&response)
            .map(|_| Access::Allowed),
        Err(error) => match error.status().map(|status| status.as_u16()) {
            Some(401 | 403 | 404 | 405) => Ok(Access::Refused(error)),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_number_by_number() {
        let version = |text: &str| text.parse::<ServerVersion>();
        assert_eq!(
            version(" 2025.3.9.824\n").unwrap().numbers(),
            [2025, 3, 9, 824]
        );
        assert_eq!(version("2025.3").unwrap().to_string(), "2025.3.0.0");
        assert!(version("2025.3.10").unwrap() > version("2025.3.9.824").unwrap());
        for bad in [
            "",
            "2025.",
            "v2025.3",
            "2025.+3",
            "1.2.3.4.5",
            "99999999999",
            "2025.3-beta",
        ] {
            let error = version(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }
}
