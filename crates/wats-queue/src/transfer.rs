//! Items on their way to another machine: a folder with their bodies, named by hash, and a list of them that is written last.
//! A folder with a list is whole; one without is not.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::item::{Item, Sha256, State, Stored};
use crate::queue::Queue;
use crate::reply::{Pending, Reply, pending};
use crate::store::{Filter, NewBody, NewItem, copied, hash, sync_folder};
use crate::thread::Op;

/// The list.
const LIST: &str = "manifest.jsonl";

/// What an export or an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Transferred {
    /// Items that are there now, and were not before.
    pub items: u64,
    /// Items that were there already.
    pub known: u64,
    /// Items whose bodies are missing or not what was stored; they are not there.
    pub damaged: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    item: Item,
}

impl Queue {
    /// Copies items to a folder that is empty or not there. They stay in the queue. Two machines that send the same item do no harm
    /// where the receiver goes by the key.
    ///
    /// # Errors
    /// When the folder is not empty, and what the disk says.
    pub fn export(&self, folder: impl Into<PathBuf>, filter: Filter) -> Pending<Transferred> {
        let folder = folder.into();
        self.apart(move |queue| export(queue, &folder, filter))
    }

    /// Takes in the items of a folder that [`export`](Self::export) has written. Those that are there already, or were sent, are
    /// passed over; what was set aside is set aside here, too.
    ///
    /// # Errors
    /// When the folder has no list or cannot be read, and those of an enqueue. What was taken in by then stays.
    pub fn import(&self, folder: impl Into<PathBuf>) -> Pending<Transferred> {
        let folder = folder.into();
        self.apart(move |queue| import(queue, &folder))
    }

    /// On a thread of its own.
    fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        let (reply, answer): (Reply<T>, _) = pending(&self.shared().folder);
        let queue = self.clone();
        // Where no thread can be started, the answer says that it is closed.
        let _ = thread::Builder::new()
            .name("wats-queue-transfer".to_owned())
            .spawn(move || reply.send(work(&queue)));
        answer
    }
}

fn io(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |error| Error::io(doing, &path, &error)
}

fn export(queue: &Queue, folder: &Path, filter: Filter) -> Result<Transferred> {
    fs::create_dir_all(folder).map_err(io("making", folder))?;
    let mut entries = fs::read_dir(folder).map_err(io("reading", folder))?;
    if entries.next().is_some() {
        return Err(Error::Folder {
            folder: folder.to_path_buf(),
            problem: "it is not empty: an export needs a folder of its own".to_owned(),
        });
    }
    let mut done = Transferred::default();
    let unfinished = folder.join("manifest.tmp");
    let mut list = fs::File::create(&unfinished).map_err(io("writing", &unfinished))?;
    let mut filter = filter.most(500);
    loop {
        let page = queue.list(filter.clone()).wait()?;
        let Some(last) = page.last() else { break };
        filter = filter.after(last.seq);
        for item in page {
            if !export_body(queue, folder, &item)? {
                done.damaged += 1;
                continue;
            }
            let mut line = serde_json::to_string(&Line { item }).unwrap_or_default();
            line.push('\n');
            list.write_all(line.as_bytes())
                .map_err(io("writing", &unfinished))?;
            done.items += 1;
        }
    }
    list.sync_all().map_err(io("syncing", &unfinished))?;
    drop(list);
    sync_folder(folder)?;
    let whole = folder.join(LIST);
    fs::rename(&unfinished, &whole).map_err(io("renaming to", &whole))?;
    sync_folder(folder)?;
    Ok(done)
}

/// Says whether the body is what was stored. An item that is gone meanwhile counts as one that is not.
fn export_body(queue: &Queue, folder: &Path, item: &Item) -> Result<bool> {
    let seq = item.seq;
    let body = queue.shared().ask(|reply| {
        Op::Look(Box::new(move |store| {
            reply.send(store.read(|read| read.body(seq)));
        }))
    });
    let Some(body) = body.wait()? else {
        return Ok(false);
    };
    let path = folder.join(item.sha256.to_string());
    match &body {
        crate::item::Body::Bytes(bytes) => fs::write(&path, bytes).map_err(io("writing", &path))?,
        crate::item::Body::File { path: from, .. } => {
            if fs::copy(from, &path).is_err() {
                return Ok(false);
            }
        }
    }
    let file = fs::File::options().write(true).open(&path);
    file.and_then(|file| file.sync_all())
        .map_err(io("syncing", &path))?;
    let (sha256, len) = hash(&path).map_err(io("reading", &path))?;
    let whole = sha256 == item.sha256 && len == item.len;
    if !whole {
        let _ = fs::remove_file(&path);
    }
    Ok(whole)
}

fn import(queue: &Queue, folder: &Path) -> Result<Transferred> {
    let list = folder.join(LIST);
    let file = fs::File::open(&list).map_err(io("reading", &list))?;
    let mut done = Transferred::default();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(io("reading", &list))?;
        let Line { item } = serde_json::from_str(&line).map_err(|error| Error::Invalid {
            what: "this list",
            why: format!("line {}: {error}", number + 1),
        })?;
        let Some(body) = import_body(queue, folder, &item.sha256, item.len)? else {
            done.damaged += 1;
            continue;
        };
        let fault = item.fault.filter(|_| item.state.is_set_aside());
        let fault = match (item.state, fault) {
            (State::Parked | State::Quarantined, None) => Some(crate::item::Fault::default()),
            (_, fault) => fault,
        };
        let new = NewItem {
            key: item.key,
            lane: Some(item.lane),
            class: item.class,
            kind: item.kind,
            labels: item.labels,
            body,
            forced: false,
            before: Some((item.enqueued_at, fault)),
        };
        new.check()?;
        let receipt = queue.shared().ask(|reply| Op::enqueue(new, reply)).wait()?;
        match receipt.outcome {
            Stored::New => done.items += 1,
            _ => done.known += 1,
        }
    }
    Ok(done)
}

/// The body where the queue keeps it, if it is what was exported.
fn import_body(queue: &Queue, folder: &Path, sha256: &Sha256, len: u64) -> Result<Option<NewBody>> {
    let path = folder.join(sha256.to_string());
    let shared: &Arc<_> = queue.shared();
    if len <= shared.options.inline_limit as u64 {
        let bytes = fs::read(&path).unwrap_or_default();
        let whole = Sha256::of(&bytes) == *sha256 && bytes.len() as u64 == len;
        return Ok(whole.then(|| NewBody::Bytes(bytes.into(), *sha256)));
    }
    if !path.exists() {
        return Ok(None);
    }
    let body = copied(&shared.folder, &path)?;
    let whole = body.sha256 == *sha256 && body.len == len;
    Ok(whole.then(|| NewBody::file(body)))
}
