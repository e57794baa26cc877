//! What is heard of a load from outside.

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::testing::{Server, block_on};

/// The spans, each with what is recorded on it.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

/// Writes down what is recorded on one of them.
struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = span.metadata().name().to_owned();
        span.record(&mut Line(&mut line));
        let mut lines = self.0.lock().unwrap();
        lines.push(line);
        Id::from_u64(lines.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut lines = self.0.lock().unwrap();
        let line = &mut lines[id.into_u64() as usize - 1];
        values.record(&mut Line(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = "event".to_owned();
        event.record(&mut Line(&mut line));
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The spans of loads, without those of other things.
fn loads(cache: &Cache, key: &str) -> Vec<String> {
    let spans = Spans::default();
    let load = || async { Ok::<_, ()>(loaded("a value")) };
    tracing::subscriber::with_default(spans.clone(), || {
        let value = block_on(cache.get_or_load_with(key.to_owned(), load));
        assert_eq!(value, Ok("a value".to_owned()));
    });
    let lines = spans.0.lock().unwrap();
    assert!(
        !lines
            .iter()
            .any(|line| line.contains(key) || line.contains("a value"))
    );
    let lines = lines
        .iter()
        .filter(|line| line.starts_with("wats.redis.load"));
    lines.cloned().collect()
}

#[test]
fn a_load_is_a_span_that_tells_where_the_value_came_from_and_no_key() {
    let without = Node::unconnected("redis://127.0.0.1:1", |options| options);
    let expected = |outcome| {
        [format!(
            "wats.redis.load kind=\"text\" outcome=\"{outcome}\""
        )]
    };
    assert_eq!(loads(&without.cache, "secret"), expected("without"));
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    assert_eq!(loads(&one.cache, "secret"), expected("led"));
    assert_eq!(loads(&other.cache, "secret"), expected("shared"));
    assert!(loads(&one.cache, "secret").is_empty(), "a hit is none");
}
