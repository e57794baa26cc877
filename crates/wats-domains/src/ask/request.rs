//! Operations with optional parameters: a value with a setter for each, which is awaited or waited for like an
//! [`Ask`](super::Ask).

/// Makes the type of such an operation: `"queryName" => setter: Type` for each optional parameter of the query. `by` names
/// the method of the core that carries it out: `ask` for JSON, `tell` for an answer that says nothing, `download` for a
/// file. `as` refuses by the name of its setter what the server would take for something else: `String as Number` (or `Name`) a
/// text that is empty or holds what nobody sees, `u32 as Count` none, `u32 as Size` what is beyond 32 bits, and
/// `as AtLeast(from)` the end of a range that lies before its beginning. It is made by `Name::new(&core, &route::row, call)`, where the call has what is required.
macro_rules! request {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident -> $answer:ty, by $by:ident {
            $( $(#[$field_meta:meta])* $wire:literal => $field:ident: $ty:ty $(as $kind:ident $(($first:ident))?)?, )+
        }
    )+) => { $(
        $(#[$meta])*
        #[derive(Debug)]
        #[must_use = "nothing is sent until it is awaited or waited for"]
        pub struct $name {
            core: std::sync::Arc<$crate::ask::Core>,
            route: &'static $crate::ask::Route,
            call: $crate::Result<wats_http::Call>,
            $( $field: Option<$ty>, )+
        }

        impl $name {
            pub(crate) fn new(
                core: &std::sync::Arc<$crate::ask::Core>,
                route: &'static $crate::ask::Route,
                call: $crate::Result<wats_http::Call>,
            ) -> Self {
                Self {
                    core: std::sync::Arc::clone(core),
                    route,
                    call,
                    $( $field: None, )+
                }
            }

            $(
                $(#[$field_meta])*
                pub fn $field(mut self, value: impl Into<$ty>) -> Self {
                    self.$field = Some(value.into());
                    self
                }
            )+

            /// Carries the operation out and blocks this thread until it has ended; see
            /// [`Ask::wait`](crate::Ask::wait).
            ///
            /// # Errors
            /// As when it is awaited, and those of [`Ask::wait`](crate::Ask::wait).
            pub fn wait(self) -> $crate::Result<$answer> {
                self.into_future().wait()
            }
        }

        impl IntoFuture for $name {
            type Output = $crate::Result<$answer>;
            type IntoFuture = $crate::Ask<$answer>;

            fn into_future(self) -> $crate::Ask<$answer> {
                let call = self.call;
                $( $( let call = call.and_then(|call| {
                    if let Some(value) = &self.$field {
                        let name = stringify!($field);
                        $crate::ask::request::request!(@$kind self name value $($first)?);
                    }
                    Ok(call)
                }); )? )+
                let call = call.map(|call| call$( .query_opt($wire, self.$field) )+);
                self.core.$by(self.route, call)
            }
        }
    )+ };
    (@Number $of:ident $name:ident $value:ident) => {
        $crate::scanned::check_some($name, $value, $crate::scanned::Kind::Number)?
    };
    (@Name $of:ident $name:ident $value:ident) => {
        $crate::scanned::check_some($name, $value, $crate::scanned::Kind::Name)?
    };
    (@Count $of:ident $name:ident $value:ident) => { $crate::argument::count($name, *$value)? };
    (@Size $of:ident $name:ident $value:ident) => { $crate::argument::size($name, *$value)? };
    (@Given $of:ident $name:ident $value:ident) => { $crate::argument::given($name, *$value)? };
    (@AtLeast $of:ident $name:ident $value:ident $first:ident) => {
        $crate::argument::at_least($name, $value, (stringify!($first), $of.$first.as_ref()))?
    };
}

pub(crate) use request;
