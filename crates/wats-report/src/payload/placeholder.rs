//! Writing a text without its large contents, with a place kept for each of them. A serializer has no room for such news,
//! so they go by way of the thread that writes.

use std::cell::RefCell;
use std::io::{self, Write};

use super::Payload;

/// Contents in memory that are shorter than this as base64 are written with the rest of the report. Files are not,
/// however short: reading them takes as long as their disk takes.
const SMALL: u64 = 4 * 1024;

thread_local! {
    /// What this thread is writing without its large contents, if it is.
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Open {
    /// Bytes written so far.
    written: usize,
    /// Where contents belong.
    places: Vec<Placeholder>,
}

/// Contents that were left out.
pub(crate) struct Placeholder {
    /// Where they belong: after this many bytes of the text, between the quotes of an empty text.
    pub(crate) at: usize,
    /// What belongs there.
    pub(crate) payload: Payload,
}

/// What `serialize` writes, with an empty text in the place of each large payload, and what belongs into them in the
/// order of their places.
pub(crate) fn collect<E>(
    serialize: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(Vec<u8>, Vec<Placeholder>), E> {
    let outer = OPEN.replace(Some(Open::default()));
    let restore = Restore(outer);
    let mut text = Counting(Vec::with_capacity(4 * 1024));
    serialize(&mut text)?;
    let places = OPEN.take().unwrap_or_default().places;
    drop(restore);
    Ok((text.0, places))
}

/// What `write` gives, if it comes across no payload that is left out. Then it need not tell how far it has written.
pub(crate) fn without<T>(write: impl FnOnce() -> Option<T>) -> Option<T> {
    let restore = Restore(OPEN.replace(Some(Open::default())));
    let written = write();
    let places = OPEN.take().unwrap_or_default().places;
    drop(restore);
    written.filter(|_| places.is_empty())
}

/// Keeps a place for contents, if somebody collects them; an empty text must then be written instead.
pub(super) fn keep(payload: &Payload) -> bool {
    OPEN.with_borrow_mut(|open| match open {
        Some(open)
            if payload.needs_no_escape()
                && (payload.is_file() || payload.encoded_len() >= SMALL) =>
        {
            // After the quote that begins the empty text.
            let at = open.written + 1;
            let payload = payload.clone();
            open.places.push(Placeholder { at, payload });
            true
        }
        _ => false,
    })
}

/// Counts what is written, for the places.
struct Counting(Vec<u8>);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        OPEN.with_borrow_mut(|open| {
            if let Some(open) = open {
                open.written = self.0.len();
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends the collecting, whatever happens.
struct Restore(Option<Open>);

impl Drop for Restore {
    fn drop(&mut self) {
        OPEN.set(self.0.take());
    }
}
