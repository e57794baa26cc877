//! What is a `Result` and what is an `Option` says the compiler.
#![allow(unused_parens, reason = "a type in parentheses is a case of its own")]

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

use wats_cache::cached;

use super::count;

type Answer<T> = std::result::Result<T, String>;
type Twice = Answer<Option<u32>>;
type Maybe = Option<u32>;

/// Makes a function that fails at its first call, and calls it three times.
macro_rules! fails_once {
    ($output:ty) => {{
        counter!(CALLS);
        #[cached(ttl = "1h")]
        fn fetch(id: u32) -> $output {
            match count(&CALLS) {
                1 => Err("down".into()),
                call => Ok((id + call).into()),
            }
        }
        assert!(fetch(5).is_err(), stringify!($output));
        assert_eq!(fetch(5).ok(), Some(7_u32.into()));
        assert_eq!(fetch(5).ok(), Some(7_u32.into()));
    }};
}

#[test]
fn a_result_under_any_name_does_not_cache_its_errors() {
    fails_once!(Answer<u32>);
    fails_once!((Answer<u32>));
    fails_once!(Twice);
    fails_once!(::std::result::Result<u32, String>);
    fails_once!((Result<u64, Box<str>>));
    fails_once!(<Volt as Source>::Read);
}

trait Source {
    type Read: Clone + Send + Sync + 'static;
    fn read(&self) -> Self::Read;
    /// Here the macro's code cannot know what it is.
    #[cached(key = ())]
    fn cached_read(&self) -> Self::Read {
        self.read()
    }
}

counter!(READS);
struct Volt;
impl Source for Volt {
    type Read = Answer<u32>;
    fn read(&self) -> Answer<u32> {
        match count(&READS) {
            1 => Err("down".into()),
            call => Ok(call),
        }
    }
}

struct Ohm;
impl Source for Ohm {
    type Read = u32;
    fn read(&self) -> u32 {
        count(&READS)
    }
}

#[cached(key = ())]
fn run<T: Clone + Send + Sync + 'static>(function: fn() -> T) -> T {
    function()
}

#[test]
fn a_result_that_only_the_caller_knows_is_never_served_as_an_error() {
    assert_eq!(Volt.cached_read(), Err("down".to_owned()));
    assert_eq!(Volt.cached_read(), Ok(2));
    let once = Ohm.cached_read();
    assert_eq!(Ohm.cached_read(), once);

    counter!(CALLS);
    let fetch: fn() -> Answer<u32> = || match count(&CALLS) {
        1 => Err("down".into()),
        call => Ok(call),
    };
    assert_eq!((run(fetch), run(fetch)), (Err("down".into()), Ok(2)));
    assert_eq!((run(|| count(&CALLS)), run(|| count(&CALLS))), (3, 3));
}

#[test]
fn what_is_only_called_a_result_is_cached() {
    #[derive(Clone, Debug, PartialEq)]
    enum Result<T> {
        Pass(T),
    }
    counter!(CALLS);
    #[cached]
    fn measure() -> Result<u32> {
        Result::Pass(count(&CALLS))
    }
    assert_eq!((measure(), measure()), (Result::Pass(1), Result::Pass(1)));
}

#[test]
fn io_results_have_errors_that_are_no_clone() {
    counter!(CALLS);
    #[cached]
    fn read() -> std::io::Result<u32> {
        match count(&CALLS) {
            1 => Err(std::io::ErrorKind::TimedOut.into()),
            call => Ok(call),
        }
    }
    assert!(read().is_err());
    assert_eq!((read().unwrap(), read().unwrap()), (2, 2));
}

#[test]
fn an_impl_trait_is_what_is_behind_it() {
    counter!(CALLS);
    #[cached]
    fn plain() -> impl Display + Clone + Send + Sync + 'static {
        count(&CALLS)
    }
    assert_eq!(
        (plain().to_string(), plain().to_string()),
        ("1".into(), "1".into())
    );

    counter!(TRIES);
    #[cached]
    fn fallible(text: &str) -> Result<impl Display + Clone + Send + Sync, String> {
        let number: u32 = text.parse().map_err(|_| count(&TRIES).to_string())?;
        Ok(number)
    }
    let failed = (fallible("x").err(), fallible("x").err());
    assert_eq!(failed, (Some("1".into()), Some("2".into())));
    assert_eq!(fallible("7").unwrap().to_string(), "7");

    counter!(HIDDEN);
    #[cached]
    fn hidden() -> impl Into<Result<u32, u32>> + Clone + Send + Sync + 'static {
        Err::<u32, u32>(count(&HIDDEN))
    }
    let calls: [Result<u32, u32>; 2] = [hidden().into(), hidden().into()];
    assert_eq!(calls, [Err(1), Err(2)]);
}

#[test]
fn the_choices_work_under_any_name() {
    counter!(ERRORS);
    #[cached(cache_err = true)]
    fn errors() -> Answer<u32> {
        Err(count(&ERRORS).to_string())
    }
    assert_eq!((errors(), errors()), (Err("1".into()), Err("1".into())));

    counter!(NONE);
    #[cached(cache_none = false)]
    fn none() -> (Maybe) {
        (count(&NONE) > 1).then_some(7)
    }
    assert_eq!((none(), none(), none()), (None, Some(7), Some(7)));
    assert_eq!(NONE.load(Ordering::Relaxed), 2);

    counter!(SAID);
    #[cached(cache_none = true)]
    fn said() -> Maybe {
        count(&SAID);
        None
    }
    assert_eq!(
        (said(), said(), SAID.load(Ordering::Relaxed)),
        (None, None, 1)
    );

    counter!(PLAIN);
    #[cached(cache_err = false)]
    fn plain() -> Answer<u32> {
        Err(count(&PLAIN).to_string())
    }
    assert_eq!((plain(), plain()), (Err("1".into()), Err("2".into())));
}

#[tokio::test]
async fn tasks_see_the_same() {
    counter!(CALLS);
    #[cached]
    async fn fetch(id: u32) -> Answer<u32> {
        tokio::task::yield_now().await;
        match count(&CALLS) {
            1 => Err("down".into()),
            call => Ok(id + call),
        }
    }
    assert_eq!(fetch(5).await, Err("down".into()));
    assert_eq!((fetch(5).await, fetch(5).await), (Ok(7), Ok(7)));

    counter!(ERRORS);
    #[cached(cache_err = true)]
    async fn errors() -> (Answer<u32>) {
        Err(count(&ERRORS).to_string())
    }
    assert_eq!(
        (errors().await, errors().await),
        (Err("1".into()), Err("1".into()))
    );
}
