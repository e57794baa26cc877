//! The types that services are: handles on the core with nothing of their own.

/// Makes the type of a service. `pub struct Name;` is one that the client gives out. `pub struct Name, internal of Service;`
/// has the operations of a service that the server does not publish, and is what its `internal()` gives.
macro_rules! service {
    ($(#[$meta:meta])* pub struct $name:ident;) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name {
            pub(super) core: std::sync::Arc<$crate::ask::Core>,
        }

        impl $name {
            pub(crate) fn new(core: &std::sync::Arc<$crate::ask::Core>) -> Self {
                Self {
                    core: std::sync::Arc::clone(core),
                }
            }
        }
    };
    ($(#[$meta:meta])* pub struct $name:ident, internal of $service:ident;) => {
        $crate::ask::service::service! { $(#[$meta])* pub struct $name; }

        impl $service {
            /// Operations on routes that the server uses itself and does not publish. They may change with any version of the
            /// server, and the token may not be allowed to use them.
            pub fn internal(&self) -> $name {
                $name::new(&self.core)
            }
        }
    };
}

pub(crate) use service;
