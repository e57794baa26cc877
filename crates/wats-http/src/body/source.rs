//! Where the pieces of a streamed request body come from, and whether they can come again.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The pieces of one try's body.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// How much of a file or reader goes out at a time.
const PIECE: usize = 128 << 10;

/// A request body that is never whole in memory; see [`Call::stream`](crate::Call::stream).
///
/// Files and [`repeatable`](Self::repeatable) sources begin anew with each try. Readers and streams can be sent
/// once: as soon as a try has taken from them, the call is not repeated, whatever its operation allows.
///
/// ```no_run
/// use wats_http::{BodySource, Call, Operation, Repeat, http::Method};
///
/// static SUBMIT: Operation = Operation::new("report.submit", Method::POST, "/api/Report/WSJF", Repeat::Safe);
///
/// let call = Call::new(&SUBMIT)
///     .stream(BodySource::file("reports/large.json"), "application/json")
///     .on_upload(|progress| println!("{} of {:?} bytes", progress.bytes, progress.total));
/// ```
pub struct BodySource {
    from: From,
    length: Option<u64>,
}

enum From {
    File(PathBuf),
    Repeatable(Box<dyn Fn() -> io::Result<Pieces> + Send + Sync>),
    Once(Mutex<Option<Pieces>>),
}

impl BodySource {
    /// The bytes of a file, which must not change until the call has ended. It is opened by each try.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            from: From::File(path.into()),
            length: None,
        }
    }

    /// What the stream gives that `open` makes, anew for each try. It must give the same bytes every time.
    pub fn repeatable<S>(open: impl Fn() -> io::Result<S> + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let open = move || Ok(Box::pin(open()?) as Pieces);
        Self {
            from: From::Repeatable(Box::new(open)),
            length: None,
        }
    }

    /// What a stream gives, once.
    pub fn once(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self {
            from: From::Once(Mutex::new(Some(Box::pin(pieces)))),
            length: None,
        }
    }

    /// What a reader gives, once.
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::once(read(Box::pin(reader)))
    }

    /// Says how many bytes will come, so that the server knows and a shorter or longer body is an error. Files know
    /// it themselves; other bodies are sent without a length when this is not called.
    pub fn length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// Bytes in all, if known. Looks a file up.
    pub(crate) async fn find_length(&self) -> io::Result<Option<u64>> {
        match (&self.from, self.length) {
            (From::File(path), None) => {
                let file = tokio::fs::metadata(path)
                    .await
                    .map_err(|e| naming(path, &e))?;
                if file.is_dir() {
                    let name = path.display();
                    return Err(io::Error::other(format!("`{name}` is a folder")));
                }
                Ok(Some(file.len()))
            }
            (_, known) => Ok(known),
        }
    }

    /// Begins to give the body; `None` when it can be sent only once and was.
    pub(crate) fn open(&self) -> Option<Pieces> {
        match &self.from {
            From::File(path) => Some(file(path.clone())),
            From::Repeatable(open) => Some(match open() {
                Ok(pieces) => pieces,
                Err(error) => Box::pin(stream::once(async { Err(error) })),
            }),
            From::Once(pieces) => pieces.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }

    /// Whether a further try would find nothing to send.
    pub(crate) fn is_used_up(&self) -> bool {
        match &self.from {
            From::File(_) | From::Repeatable(_) => false,
            From::Once(pieces) => pieces
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_none(),
        }
    }
}

impl fmt::Debug for BodySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: &dyn fmt::Debug = match &self.from {
            From::File(path) => path,
            From::Repeatable(_) => &"repeatable",
            From::Once(_) => &"once",
        };
        f.debug_struct("BodySource")
            .field("from", from)
            .field("length", &self.length)
            .finish()
    }
}

fn naming(path: &std::path::Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

fn file(path: PathBuf) -> Pieces {
    let opened = async move {
        let file = File::open(&path).await.map_err(|e| naming(&path, &e))?;
        Ok::<_, io::Error>(read(Box::pin(file)))
    };
    Box::pin(stream::once(Box::pin(opened)).try_flatten().fuse())
}

fn read<R: AsyncRead + Send + 'static>(
    reader: Pin<Box<R>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(reader, async |mut reader| {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = reader.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (piece.freeze(), reader)))
    })
}
