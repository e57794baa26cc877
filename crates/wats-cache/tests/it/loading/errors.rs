//! `?` on a loading look-up, whatever the loader fails with.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use wats_cache::{LoadError, TtlCache};

type Boxed = Box<dyn Error + Send + Sync>;

fn number(text: &str) -> Result<i32, Boxed> {
    let cache = TtlCache::new();
    let load = || -> Result<i32, Boxed> { Ok(text.parse()?) };
    Ok(cache.get_or_try_insert_with(1, load)?)
}

#[test]
fn a_boxed_error_goes_on_as_one() {
    assert_eq!(number("7").unwrap(), 7);
    assert_eq!(
        number("x").unwrap_err().to_string(),
        "invalid digit found in string"
    );
}

/// As the error of `anyhow`: made of every error, and none itself.
struct Any(Boxed);

impl fmt::Debug for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        if let (true, Some(source)) = (f.alternate(), self.0.source()) {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Any {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

#[derive(Debug)]
struct Outer(std::num::ParseIntError);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no number")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_that_is_made_of_every_error_takes_this_one() {
    fn number(text: &str) -> Result<i32, Any> {
        let cache = TtlCache::new();
        let load = || Ok::<_, Any>(text.parse().map_err(Outer)?);
        let first = cache.get_or_try_insert_with(1, load)?;
        let typed = cache.get_or_try_insert_with(2, || text.parse::<i32>())?;
        Ok(first + typed)
    }
    assert_eq!(number("7").unwrap(), 14);
    assert_eq!(number("x").unwrap_err().to_string(), "no number");
}

#[test]
fn the_causes_are_told() {
    let outer = || Outer("x".parse::<i32>().unwrap_err());
    // By the error itself, where it can.
    let error = LoadError::Failed(Any::from(outer()));
    assert_eq!(error.to_string(), "no number");
    assert_eq!(
        format!("{error:#}"),
        "no number: invalid digit found in string"
    );
    // By the source of a box.
    let shared: Arc<dyn Error + Send + Sync> = Arc::new(outer());
    let boxes: [Box<dyn Error>; 3] = [
        Box::new(LoadError::Failed::<Boxed>(Box::new(outer()))),
        Box::new(LoadError::Failed::<Box<dyn Error>>(Box::new(outer()))),
        Box::new(LoadError::Failed(shared)),
    ];
    for error in boxes {
        let source = error.source().unwrap().to_string();
        assert_eq!(source, "invalid digit found in string");
    }
}

#[test]
fn a_look_up_inside_its_own_loader_can_be_told_by_its_type() {
    let cache = TtlCache::new();
    let inner = || Ok::<_, Boxed>(cache.get_or_try_insert_with(1, || Ok::<i32, Boxed>(4))?);
    let error = cache.get_or_try_insert_with(1, inner).unwrap_err();
    let inner = error
        .failed()
        .unwrap()
        .downcast::<LoadError<Boxed>>()
        .unwrap();
    assert!(matches!(*inner, LoadError::Reentrant));
}
