//! Each set of types and constants has a cache of its own.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wats_cache::cached;

use super::count;

trait Unit {
    const NAME: &'static str;
    type Value: Clone + Debug + PartialEq + Send + Sync + 'static;
    fn value() -> Self::Value;

    #[cached(key = n)]
    fn label(&self, n: u32) -> String {
        format!("{n} {}", Self::NAME)
    }

    #[cached(key = ())]
    fn typed(&self) -> Self::Value {
        Self::value()
    }

    #[cached]
    fn without_self() -> &'static str {
        Self::NAME
    }
}

struct Volt;
impl Unit for Volt {
    const NAME: &'static str = "V";
    type Value = i64;
    fn value() -> i64 {
        5
    }
}

struct Ohm;
impl Unit for Ohm {
    const NAME: &'static str = "Ohm";
    type Value = String;
    fn value() -> String {
        "open".to_owned()
    }
}

/// Borrows, so it is not `'static`.
struct Borrowed<'a>(#[expect(dead_code, reason = "its lifetime counts")] &'a str);
impl Unit for Borrowed<'_> {
    const NAME: &'static str = "borrowed";
    type Value = u8;
    fn value() -> u8 {
        1
    }
}

struct Meter<U>(PhantomData<U>);

impl<U: Unit> Meter<U> {
    const NEW: Self = Self(PhantomData);

    #[cached(key = n)]
    fn show(&self, n: u32) -> String {
        format!("{n} {}", U::NAME)
    }

    #[cached]
    fn name() -> &'static str {
        U::NAME
    }

    #[cached(key = 1)]
    fn value(&self) -> U::Value {
        U::value()
    }

    #[cached]
    fn value_or_error() -> Result<U::Value, String> {
        Ok(U::value())
    }

    #[cached(key = n)]
    async fn later(self: Arc<Self>, n: u32) -> String {
        tokio::task::yield_now().await;
        format!("{n} {}", U::NAME)
    }
}

#[test]
fn of_a_generic_impl() {
    for _ in 0..2 {
        assert_eq!(Meter::<Volt>::NEW.show(1), "1 V");
        assert_eq!(Meter::<Ohm>::NEW.show(1), "1 Ohm");
        assert_eq!(Meter::<Borrowed<'_>>::NEW.show(1), "1 borrowed");
        assert_eq!((Meter::<Volt>::name(), Meter::<Ohm>::name()), ("V", "Ohm"));
        assert_eq!(Meter::<Volt>::NEW.value(), 5);
        assert_eq!(Meter::<Ohm>::NEW.value(), "open");
        assert_eq!(Meter::<Volt>::value_or_error(), Ok(5));
        assert_eq!(Meter::<Ohm>::value_or_error(), Ok("open".to_owned()));
    }
}

#[tokio::test]
async fn of_an_async_method_on_an_arc() {
    for _ in 0..2 {
        assert_eq!(Arc::new(Meter::<Volt>::NEW).later(1).await, "1 V");
        assert_eq!(Arc::new(Meter::<Ohm>::NEW).later(1).await, "1 Ohm");
    }
    // And it is still a future that may go to another thread.
    let other = tokio::spawn(Arc::new(Meter::<Volt>::NEW).later(1));
    assert_eq!(other.await.unwrap(), "1 V");
}

#[test]
fn of_a_default_method_of_a_trait() {
    let text = "on the stack".to_owned();
    for _ in 0..2 {
        assert_eq!(
            (Volt.label(1), Ohm.label(1)),
            ("1 V".into(), "1 Ohm".into())
        );
        assert_eq!(Borrowed(&text).label(1), "1 borrowed");
        assert_eq!((Volt.typed(), Ohm.typed()), (5, "open".to_owned()));
        assert_eq!(Borrowed(&text).typed(), 1);
        assert_eq!((Volt::without_self(), Ohm::without_self()), ("V", "Ohm"));
    }
}

trait Named {
    fn name(&self) -> &'static str;

    #[cached(key = ())]
    fn loud(&self) -> String {
        self.name().to_uppercase()
    }
}
impl Named for u8 {
    fn name(&self) -> &'static str {
        "byte"
    }
}
impl<T: Named> Named for [T; 2] {
    fn name(&self) -> &'static str {
        "pair"
    }
}
impl<T: Named + ?Sized> Named for Box<T> {
    fn name(&self) -> &'static str {
        "boxed"
    }
}

#[test]
fn of_a_trait_object() {
    let all: [Box<dyn Named>; 3] = [Box::new(1), Box::new([1, 2]), Box::new([[1, 2], [3, 4]])];
    for _ in 0..2 {
        assert!(
            all.iter()
                .map(|it| (**it).loud())
                .eq(["BYTE", "PAIR", "PAIR"])
        );
        assert_eq!(all[0].loud(), "BOXED");
    }
}

#[cached]
fn shout(x: impl ToString + Clone + Hash + Eq + Send + Sync + 'static) -> String {
    x.to_string() + "!"
}

#[cached]
fn debug<T, const N: usize>(x: T) -> String
where
    T: Debug + Clone + Hash + Eq + Send + Sync + 'static,
{
    format!("{x:?} {N}")
}

#[cached]
fn zeros<const N: usize>() -> [u8; N] {
    [0; N]
}

#[cached(key = ())]
fn size<T: ?Sized>(_: &T) -> usize {
    std::mem::size_of::<&T>()
}

#[test]
fn of_a_generic_function() {
    for _ in 0..2 {
        assert_eq!(
            (shout(5), shout("a"), shout('a')),
            ("5!".into(), "a!".into(), "a!".into())
        );
        assert_eq!(
            (debug::<_, 1>(5), debug::<_, 2>(5)),
            ("5 1".into(), "5 2".into())
        );
        assert_eq!(debug::<_, 1>("5"), "\"5\" 1");
        assert_eq!((zeros::<2>().len(), zeros::<3>().len()), (2, 3));
        let local = [1_u8];
        assert_eq!((size(&local), size(&local[..])), (8, 16));
    }
}

#[test]
fn of_two_types_of_one_name() {
    let first = {
        struct Same;
        impl Display for Same {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("first")
            }
        }
        show(&Same)
    };
    let second = {
        struct Same;
        impl Display for Same {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("second")
            }
        }
        show(&Same)
    };
    #[cached(key = ())]
    fn show<T: Display>(x: &T) -> String {
        x.to_string()
    }
    assert_eq!((first, second), ("first".into(), "second".into()));
}

#[test]
fn of_one_function_inside_a_generic_one() {
    counter!(CALLS);
    fn outer<T>(_: T) -> u32 {
        #[cached]
        fn inner(n: u32) -> u32 {
            count(&CALLS) * n
        }
        inner(10)
    }
    assert_eq!(
        (outer(1), outer("x"), CALLS.load(Ordering::Relaxed)),
        (10, 10, 1)
    );
}

#[test]
fn of_many_threads_at_once() {
    counter!(CALLS);
    #[cached]
    fn tag<const N: u32>(n: u32) -> (u32, u32) {
        count(&CALLS);
        (N, n)
    }
    let calls: [fn(u32) -> (u32, u32); 4] = [tag::<0>, tag::<1>, tag::<2>, tag::<3>];
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (calls, barrier) = (&calls, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for step in 0..4 {
                    let which = (thread + step) % 4;
                    assert_eq!(calls[which](7), (which as u32, 7));
                }
            });
        }
    });
    assert_eq!(CALLS.load(Ordering::Relaxed), 4);
}
