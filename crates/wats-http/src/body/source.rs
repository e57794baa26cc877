//! Where the pieces of a streamed request body come from, and whether they can come again.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

/// The pieces of one attempt's body.
pub(crate) type BodyStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// How much of a file or reader goes out at a time.
const PIECE: usize = 128 << 10;

/// A request body that is never whole in memory; see [`Call::stream`](crate::Call::stream).
///
/// Files and [`repeatable`](Self::repeatable) sources begin anew with each attempt. Readers and streams can be sent
/// once: as soon as an attempt has taken from them, the call is not repeated, whatever its operation allows.
///
/// ```no_run
/// use wats_http::{BodySource, Call, Idempotency, Operation, http::Method};
///
/// static SUBMIT: Operation = Operation::new("report.submit", Method::POST, "/api/Report/WSJF", Idempotency::Idempotent);
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
    Bytes(Bytes),
    File(PathBuf),
    Repeatable(Box<dyn Fn() -> io::Result<BodyStream> + Send + Sync>),
    Once(Mutex<Option<BodyStream>>),
    /// One after the other.
    Joined(Vec<BodySource>),
}

impl BodySource {
    /// The bytes of a file, which must not change until the call has ended. It is opened by each attempt.
    ///
    /// What is no regular file, such as a pipe, `/dev/stdin` or a device, is sent as it comes, without a length, and only
    /// once; so is what says that it is empty and is not, as files in `/proc` do.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            from: From::File(path.into()),
            length: None,
        }
    }

    /// What the stream gives that `open` makes, anew for each attempt. It must give the same bytes every time.
    pub fn repeatable<S>(open: impl Fn() -> io::Result<S> + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let open = move || Ok(Box::pin(open()?) as BodyStream);
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

    /// Bytes from memory.
    pub(super) fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            length: Some(bytes.len() as u64),
            from: From::Bytes(bytes),
        }
    }

    /// What several sources give, one after the other. It can be sent again if each of them can.
    pub(super) fn joined(sources: Vec<Self>) -> Self {
        Self {
            from: From::Joined(sources),
            length: None,
        }
    }

    /// Says how many bytes will come, so that the server knows and a shorter or longer body is an error. Regular files
    /// know it themselves; other bodies are sent without a length when this is not called.
    pub fn length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// Finds out what it is before it is sent: how long, and whether it can come again.
    ///
    /// Only a regular file has a length in its metadata. A pipe, a terminal, a socket, a device and what stands in `/proc`
    /// have 0 there, whatever they give; so a source of length 0 is asked whether it gives anything.
    pub(crate) async fn settle(mut self) -> io::Result<Self> {
        if let From::Joined(sources) = &mut self.from {
            self.length = Some(0);
            for source in sources {
                *source = Box::pin(std::mem::take(source).settle()).await?;
                let sum = self.length.zip(source.length);
                self.length = sum.and_then(|(sum, more)| sum.checked_add(more));
            }
            return Ok(self);
        }
        if let From::File(path) = &self.from {
            let found = tokio::fs::metadata(path)
                .await
                .map_err(|e| naming(path, &e))?;
            if found.is_dir() {
                let name = path.display();
                return Err(io::Error::other(format!("`{name}` is a folder")));
            }
            if !found.is_file() || is_device(path) {
                self.from = From::Once(Mutex::new(Some(special(path.clone()))));
            } else if found.len() > 0 || self.length.is_some() {
                self.length = self.length.or(Some(found.len()));
            } else {
                self.from = From::Once(Mutex::new(Some(file(path.clone()))));
                return self.peek().await;
            }
        }
        match (&self.from, self.length) {
            (From::Bytes(_), _) => Ok(self),
            (_, Some(0)) => self.peek().await,
            _ => Ok(self),
        }
    }

    /// Takes the first piece of a source that may be empty, and puts it back.
    async fn peek(mut self) -> io::Result<Self> {
        let Some(mut pieces) = self.open() else {
            return Ok(self);
        };
        while let Some(piece) = pieces.try_next().await? {
            if piece.is_empty() {
                continue;
            }
            let first = stream::once(async { Ok(piece) });
            self.from = From::Once(Mutex::new(Some(Box::pin(first.chain(pieces)))));
            return match self.length {
                Some(announced) => Err(differs("more than", announced)),
                None => Ok(self),
            };
        }
        Ok(Self::bytes(Bytes::new()))
    }

    /// Bytes in all, if they are known.
    pub(crate) fn announced(&self) -> Option<u64> {
        self.length
    }

    /// Begins to give the body; `None` when it can be sent only once and was.
    pub(crate) fn open(&self) -> Option<BodyStream> {
        match &self.from {
            From::Bytes(bytes) => {
                let bytes = bytes.clone();
                Some(Box::pin(stream::once(async { Ok(bytes) })))
            }
            From::Joined(sources) => {
                // Each begins when it is its turn, so that no more than one file is open. What a source may do wrong
                // must not make up for what another one does.
                let opened = sources
                    .iter()
                    .map(|source| Some(exactly(source.length, source.open()?)))
                    .collect::<Option<Vec<_>>>()?;
                Some(Box::pin(stream::iter(opened).flatten()))
            }
            From::File(path) => Some(file(path.clone())),
            From::Repeatable(open) => Some(match open() {
                Ok(pieces) => pieces,
                Err(error) => Box::pin(stream::once(async { Err(error) })),
            }),
            From::Once(pieces) => pieces.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }

    /// Whether a further attempt would find nothing to send.
    pub(crate) fn is_used_up(&self) -> bool {
        match &self.from {
            From::Bytes(_) | From::File(_) | From::Repeatable(_) => false,
            From::Joined(sources) => sources.iter().any(Self::is_used_up),
            From::Once(pieces) => pieces
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_none(),
        }
    }
}

/// Nothing.
impl Default for BodySource {
    fn default() -> Self {
        Self::bytes(Bytes::new())
    }
}

impl fmt::Debug for BodySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: &dyn fmt::Debug = match &self.from {
            From::Bytes(_) => &"bytes",
            From::Joined(sources) => sources,
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

fn file(path: PathBuf) -> BodyStream {
    let opened = async move {
        let file = File::open(&path).await.map_err(|e| naming(&path, &e))?;
        Ok::<_, io::Error>(read(Box::pin(file)))
    };
    Box::pin(stream::once(Box::pin(opened)).try_flatten().fuse())
}

/// What is read where reading may block for ever, such as a pipe that nobody writes to: by a thread of its own, because
/// tokio's would keep a runtime from ending. The thread ends with the next piece that nobody wants.
fn special(path: PathBuf) -> BodyStream {
    let (give, mut take) = mpsc::channel::<io::Result<Bytes>>(1);
    let read = move || {
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) => return drop(give.blocking_send(Err(naming(&path, &error)))),
        };
        loop {
            let mut piece = vec![0; PIECE];
            let outcome = match file.read(&mut piece) {
                Ok(0) => return,
                Ok(read) => {
                    piece.truncate(read);
                    Ok(piece.into())
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(naming(&path, &error)),
            };
            let failed = outcome.is_err();
            if give.blocking_send(outcome).is_err() || failed {
                return;
            }
        }
    };
    let mut read = Some(read);
    Box::pin(stream::poll_fn(move |context| {
        if let Some(read) = read.take() {
            let thread = std::thread::Builder::new().name("wats-http body".to_owned());
            if let Err(error) = thread.spawn(read) {
                return Poll::Ready(Some(Err(error)));
            }
        }
        take.poll_recv(context)
    }))
}

/// Whether a path leads into the space of devices, in which Windows has its named pipes; metadata there says "file".
fn is_device(path: &std::path::Path) -> bool {
    cfg!(windows) && path.to_string_lossy().starts_with(r"\\.\")
}

pub(super) fn differs(how: &str, length: u64) -> io::Error {
    io::Error::other(format!("it has {how} {length} bytes, its announced length"))
}

/// The same, with an error where it is longer or shorter than announced.
fn exactly(length: Option<u64>, mut pieces: BodyStream) -> BodyStream {
    let Some(length) = length else {
        return pieces;
    };
    let mut given = 0;
    let mut ended = false;
    Box::pin(stream::poll_fn(move |context| {
        if ended {
            return Poll::Ready(None);
        }
        let next = ready!(pieces.as_mut().poll_next(context));
        if let Some(Ok(piece)) = &next {
            given += piece.len() as u64;
        }
        let wrong = match &next {
            Some(Ok(_)) if given > length => Some("more than"),
            None if given < length => Some("less than"),
            _ => None,
        };
        ended = wrong.is_some() || !matches!(next, Some(Ok(_)));
        Poll::Ready(match wrong {
            Some(how) => Some(Err(differs(how, length))),
            None => next,
        })
    }))
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
