//! What `#[cached]` makes of functions.

macro_rules! counter {
    ($name:ident) => {
        static $name: AtomicU32 = AtomicU32::new(0);
    };
}

mod instances;
mod returns;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wats_cache::cached;

fn count(calls: &AtomicU32) -> u32 {
    calls.fetch_add(1, Ordering::Relaxed) + 1
}

#[test]
fn a_function_runs_once_for_its_arguments() {
    counter!(CALLS);
    /// Keeps its documentation and its visibility.
    #[cached(ttl = "1h", max_entries = 100)]
    fn join(a: &str, b: u32) -> String {
        count(&CALLS);
        format!("{a}{b}")
    }
    assert_eq!(
        (join("x", 1), join("x", 1), join("x", 2)),
        ("x1".into(), "x1".into(), "x2".into())
    );
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}

#[test]
fn the_key_may_be_chosen() {
    counter!(CALLS);
    #[cached(key = name.to_lowercase())]
    fn lookup(name: &str, _log: &mut Vec<String>) -> u32 {
        count(&CALLS)
    }
    let mut log = Vec::new();
    assert_eq!(
        (
            lookup("A", &mut log),
            lookup("a", &mut log),
            lookup("b", &mut log)
        ),
        (1, 1, 2)
    );
}

#[test]
fn errors_are_cached_by_choice() {
    counter!(PLAIN);
    #[cached]
    fn plain(_n: u32) -> Result<u32, String> {
        let call = count(&PLAIN);
        let text = if call == 1 {
            "x".to_owned()
        } else {
            call.to_string()
        };
        let number = text.parse::<u32>().map_err(|error| error.to_string())?;
        Ok(number)
    }
    assert!(plain(1).is_err());
    assert_eq!((plain(1), plain(1)), (Ok(2), Ok(2)));

    counter!(CHOSEN);
    #[cached(cache_err = true)]
    fn chosen() -> Result<u32, u32> {
        Err(count(&CHOSEN))
    }
    assert_eq!((chosen(), chosen()), (Err(1), Err(1)));
}

#[test]
fn none_is_cached_by_choice() {
    counter!(PLAIN);
    #[cached]
    fn plain() -> Option<u32> {
        count(&PLAIN);
        None
    }
    assert_eq!(
        (plain(), plain(), PLAIN.load(Ordering::Relaxed)),
        (None, None, 1)
    );

    counter!(CHOSEN);
    #[cached(cache_none = false)]
    fn chosen() -> Option<u32> {
        (count(&CHOSEN) > 1).then_some(7)
    }
    assert_eq!((chosen(), chosen(), chosen()), (None, Some(7), Some(7)));
    assert_eq!(CHOSEN.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn async_functions_share_a_load() {
    counter!(CALLS);
    #[cached(ttl = "10m")]
    async fn load(part_number: &str) -> Result<String, std::io::Error> {
        tokio::task::yield_now().await;
        count(&CALLS);
        Ok(part_number.to_owned())
    }
    let (a, b) = tokio::join!(load("EX-1"), load("EX-1"));
    assert_eq!(
        (a.unwrap(), b.unwrap()),
        ("EX-1".to_owned(), "EX-1".to_owned())
    );
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);

    #[cached(cache_none = false)]
    async fn maybe(n: u32) -> Option<u32> {
        tokio::task::yield_now().await;
        Some(n)
    }
    assert_eq!(maybe(3).await, Some(3));
}

#[test]
fn methods_share_by_their_key() {
    struct Site(u32);
    impl Site {
        #[cached(key = (self.0, n))]
        fn sum(&self, n: u32) -> u32 {
            self.0 + n
        }
    }
    assert_eq!((Site(1).sum(2), Site(2).sum(2)), (3, 4));
}

#[test]
fn a_function_may_call_itself_with_other_arguments() {
    counter!(CALLS);
    #[cached]
    fn fibonacci(n: u64) -> u64 {
        count(&CALLS);
        if n < 2 {
            n
        } else {
            fibonacci(n - 1) + fibonacci(n - 2)
        }
    }
    assert_eq!(fibonacci(40), 102_334_155);
    assert_eq!(CALLS.load(Ordering::Relaxed), 41);
}

mod re_exported {
    pub(crate) mod deeper {
        pub(crate) use wats_cache as cache;
    }
}

#[test]
fn the_crate_may_be_re_exported() {
    #[cached(crate = "crate::cached::re_exported::deeper::cache", ttl = "1h")]
    fn double(n: u32) -> Result<u32, String> {
        Ok(2 * n)
    }
    assert_eq!(double(4), Ok(8));
}

#[test]
fn options_may_be_constants() {
    counter!(CALLS);
    const LONG: Duration = Duration::from_secs(3600);
    struct Site;
    impl Site {
        const MOST: usize = 4;
        #[cached(ttl = LONG, max_entries = 2 * Self::MOST)]
        fn square(n: u32) -> u32 {
            count(&CALLS);
            n * n
        }
    }
    assert_eq!((Site::square(3), Site::square(3)), (9, 9));
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
}

#[test]
fn the_body_sees_none_of_the_names_of_the_macro() {
    #[cached]
    fn sum(key: u32, load: u32, returns: u32, kept: u32) -> u32 {
        key + load + returns + kept
    }
    assert_eq!((sum(1, 2, 3, 4), sum(1, 2, 3, 4)), (10, 10));
}

#[test]
fn arguments_of_all_owned_types_are_keys() {
    #[cached]
    fn show(
        a: &[u8],
        b: &(u8, char),
        c: Option<&'static str>,
        d: fn(&str) -> usize,
        e: Box<str>,
        mut f: String,
    ) -> String {
        f.push('!');
        format!("{a:?}{b:?}{c:?}{e}{f}{}", d("four"))
    }
    let call = |c| {
        let (f, e) = ("x".to_owned(), "y".into());
        show(&[1], &(2, '2'), Some(c), str::len, e, f)
    };
    assert_eq!(call("z"), call("z"));
    assert_ne!(call("z"), call("zz"));
}
