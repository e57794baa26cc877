//! The operations on the server as such, and the tests of the whole table.

use crate::ask::route::routes;

routes! { "app";
    version = GET "/api/App/Version" safe;
}

#[cfg(test)]
mod described;
#[cfg(test)]
pub(crate) mod tests;
