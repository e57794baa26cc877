//! The body of a submit: whole if it is small, else made while it is sent, so that attachments are never in memory as a
//! whole.

use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use wats_http::{BodySource, Call, Timeouts};

use super::body::{BodyChunks, ReportBody};
use crate::error::{Error, Result};

/// Bodies of at most this many bytes are sent whole: they may be compressed, and need no more than one piece.
const WHOLE: u64 = 256 * 1024;

/// The slowest line on which a large body still arrives in time, in bytes per second.
const SLOWEST: u64 = 64 * 1024;

const JSON: &str = "application/json";

/// Puts a report into a call.
pub(super) async fn fill(call: Call, body: &ReportBody) -> Result<Call> {
    if let Some(whole) = body.as_whole() {
        return Ok(call.body(whole.clone(), JSON));
    }
    if body.len() <= WHOLE {
        return Ok(call.body(collect(body).await?, JSON));
    }
    let again = body.clone();
    // Each try begins anew and gives the same bytes: files that have changed meanwhile are an error.
    let source = BodySource::repeatable(move || Ok(pieces(again.chunks()))).length(body.len());
    Ok(call.stream(source, JSON))
}

/// Puts a file into a call, as it is.
pub(super) fn fill_file(
    call: Call,
    path: PathBuf,
    length: u64,
    content_type: &'static str,
) -> Call {
    call.stream(BodySource::file(path).length(length), content_type)
}

/// Puts a text into a call, and behind it what is in a file from there on: so many bytes in all.
pub(super) fn fill_behind(
    call: Call,
    front: Bytes,
    (path, from): (PathBuf, u64),
    length: u64,
    content_type: &'static str,
) -> Call {
    let open = move || Ok(behind(front.clone(), path.clone(), from));
    call.stream(BodySource::repeatable(open).length(length), content_type)
}

/// How much of a file is read at a time.
const PIECE: usize = 128 << 10;

/// A text, and behind it what is in a file from there on.
fn behind(
    front: Bytes,
    path: PathBuf,
    from: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let opened = async move {
        let mut file = File::open(&path).await?;
        file.seek(SeekFrom::Start(from)).await?;
        Ok::<_, io::Error>(stream::try_unfold(file, |mut file| async move {
            let mut piece = BytesMut::with_capacity(PIECE);
            let read = file.read_buf(&mut piece).await?;
            Ok((read > 0).then(|| (piece.freeze(), file)))
        }))
    };
    let rest = stream::once(opened).try_flatten();
    stream::once(async { Ok(front) }).chain(rest)
}

/// The client's deadlines with the time more that a body of this length needs on a slow line, if it needs more.
pub(super) fn extend_timeout(timeouts: &Timeouts, length: u64) -> Option<Timeouts> {
    let more = Duration::from_secs(length / SLOWEST);
    (length > WHOLE).then(|| {
        timeouts
            .clone()
            .total(timeouts.total.map(|total| total.saturating_add(more)))
    })
}

/// The whole of a body, read where that may take its time.
async fn collect(body: &ReportBody) -> Result<Bytes> {
    let body = body.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut whole = Vec::with_capacity(usize::try_from(body.len()).unwrap_or_default());
        body.write_to(&mut whole).map(|_| whole)
    });
    read.await
        .map_err(io::Error::other)
        .flatten()
        .map(Bytes::from)
        .map_err(|error| Error::Data(format!("the report cannot be sent: {error}")))
}

/// The pieces of a body, made where they may take their time: attachments come from disks and are encoded.
fn pieces(chunks: BodyChunks) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(Some(chunks), |chunks| async move {
        let mut chunks = chunks?;
        let made = tokio::task::spawn_blocking(move || (chunks.next(), chunks)).await;
        match made {
            Ok((piece, chunks)) => Some((piece?, Some(chunks))),
            Err(stopped) => Some((Err(io::Error::other(stopped)), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_report_has_the_time_that_its_size_takes() {
        let own = Timeouts::default().total(Duration::from_secs(120));
        assert!(
            extend_timeout(&own, WHOLE).is_none(),
            "a small one needs no more"
        );
        let longer = extend_timeout(&own, 100 << 20).unwrap();
        assert_eq!(longer.total, Some(Duration::from_secs(120 + 1600)));
        assert_eq!(longer.attempt, own.attempt);
        let endless = own.total(None);
        assert_eq!(extend_timeout(&endless, 100 << 20).unwrap().total, None);
    }
}
