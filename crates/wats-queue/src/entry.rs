//! What is put into a queue.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::item::{Class, Key, Sha256};
use crate::store::{NewBody, NewItem, TempBody, TempWriter, copied};

/// Something to be put into a queue: a key, bytes, and what is to be known of them.
#[derive(Debug)]
#[must_use]
pub struct Entry {
    pub(crate) key: Key,
    pub(crate) body: Given,
    pub(crate) lane: Option<String>,
    pub(crate) class: Class,
    pub(crate) kind: String,
    pub(crate) labels: String,
    pub(crate) forced: bool,
}

#[derive(Debug)]
pub(crate) enum Given {
    Bytes(Bytes),
    /// Read when it is enqueued.
    File(PathBuf),
    Written(TempBody),
}

impl Entry {
    /// These bytes under this key.
    pub fn new(key: Key, body: impl Into<Bytes>) -> Self {
        Self::of(key, Given::Bytes(body.into()))
    }

    /// The bytes of a file, which is copied when this is enqueued: what becomes of it later does not matter.
    pub fn file(key: Key, path: impl Into<PathBuf>) -> Self {
        Self::of(key, Given::File(path.into()))
    }

    /// What was written with [`Queue::writer`](crate::Queue::writer).
    pub fn written(key: Key, body: Written) -> Self {
        let body = match body.0 {
            Store::Memory(bytes) => Given::Bytes(bytes.into()),
            Store::File(body) => Given::Written(body),
        };
        Self::of(key, body)
    }

    fn of(key: Key, body: Given) -> Self {
        Self {
            key,
            body,
            lane: None,
            class: Class::Live,
            kind: String::new(),
            labels: String::new(),
            forced: false,
        }
    }

    /// Items of a lane are sent one after the other, in the order in which they came. The key is the lane if none is named. While
    /// an item of the same key is open, its lane is taken.
    pub fn lane(mut self, lane: impl Into<String>) -> Self {
        self.lane = Some(lane.into());
        self
    }

    /// Whether it is sent before or behind what is live.
    pub fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// What the bytes are, at most 64 bytes; opaque for the queue.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Words about it for lists and events, at most 1 KiB; opaque for the queue.
    pub fn labels(mut self, labels: impl Into<String>) -> Self {
        self.labels = labels.into();
        self
    }

    /// Also if the same bytes were the last that were sent under this key.
    pub fn forced(mut self, forced: bool) -> Self {
        self.forced = forced;
        self
    }

    /// Whether it may be written to the disk where it stands; otherwise it takes a thread of its own.
    pub(crate) fn is_small(&self, limit: usize) -> bool {
        match &self.body {
            Given::Bytes(bytes) => bytes.len() <= limit,
            Given::Written(_) => true,
            Given::File(_) => false,
        }
    }

    /// With its body where the queue keeps it. This blocks, unless it is small.
    pub(crate) fn into_item(self, folder: &Path, limit: usize) -> Result<NewItem> {
        let body = match self.body {
            Given::Bytes(bytes) if bytes.len() <= limit => {
                let sha256 = Sha256::of(&bytes);
                NewBody::Bytes(bytes, sha256)
            }
            Given::Bytes(bytes) => {
                let mut writer = TempWriter::new(folder)?;
                writer.write(&bytes)?;
                NewBody::file(writer.finish()?)
            }
            Given::Written(body) => NewBody::file(body),
            Given::File(path) => {
                let meta = std::fs::metadata(&path)
                    .map_err(|error| Error::io("reading", &path, &error))?;
                if meta.len() > limit as u64 {
                    NewBody::file(copied(folder, &path)?)
                } else {
                    let bytes = std::fs::read(&path)
                        .map_err(|error| Error::io("reading", &path, &error))?;
                    let sha256 = Sha256::of(&bytes);
                    NewBody::Bytes(bytes.into(), sha256)
                }
            }
        };
        let new = NewItem {
            key: self.key,
            lane: self.lane,
            class: self.class,
            kind: self.kind,
            labels: self.labels,
            body,
            forced: self.forced,
            before: None,
        };
        new.check()?;
        Ok(new)
    }
}

/// A body that was written piece by piece; see [`Queue::writer`](crate::Queue::writer). Dropped without being enqueued, it is
/// deleted.
#[derive(Debug)]
pub struct Written(Store);

#[derive(Debug)]
enum Store {
    Memory(Vec<u8>),
    File(TempBody),
}

/// Writes a body piece by piece: in memory while it is small, in a file of the queue from there on. Writing and
/// [`finish`](Self::finish) block.
#[derive(Debug)]
pub struct BodyWriter {
    folder: Arc<Path>,
    limit: usize,
    memory: Vec<u8>,
    file: Option<TempWriter>,
}

impl BodyWriter {
    pub(crate) fn new(folder: Arc<Path>, limit: usize) -> Self {
        Self {
            folder,
            limit,
            memory: Vec::new(),
            file: None,
        }
    }

    /// All of it was written.
    ///
    /// # Errors
    /// When what was written cannot be brought to the disk.
    pub fn finish(self) -> Result<Written> {
        Ok(Written(match self.file {
            Some(file) => Store::File(file.finish()?),
            None => Store::Memory(self.memory),
        }))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(file) = &mut self.file {
            return file.write(bytes);
        }
        if self.memory.len() + bytes.len() <= self.limit {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let mut file = TempWriter::new(&self.folder)?;
        file.write(&self.memory)?;
        file.write(bytes)?;
        self.memory = Vec::new();
        self.file = Some(file);
        Ok(())
    }
}

impl io::Write for BodyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
