//! The others: an embedded store, a folder of files, and the floor.

use super::store::{Numbered, Store};
use super::text::Texts;
use crate::{Error, Result};
use redb::{ConcurrencyMode, Durability, ReadableDatabase as _, ReadableTableMetadata as _};
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// So many items of a set-up go into one transaction.
const GROUP: u64 = 500;

/// Appends to one file and syncs it: what no store that keeps its word can do without. What is in it cannot be found.
#[derive(Debug)]
pub(super) struct Floor(Mutex<File>);

impl Store for Floor {
    const NAME: &'static str = "append + fdatasync";

    type Item = Numbered;

    fn open(folder: &Path) -> Result<Self> {
        let log = folder.join("log");
        let file = File::options().create(true).append(true).open(log)?;
        Ok(Self(Mutex::new(file)))
    }

    fn item(number: u64, steps: usize) -> Result<Self::Item> {
        Numbered::new(number, steps)
    }

    fn put(&self, item: Self::Item) -> Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&item.text)?;
        file.sync_data()?;
        Ok(())
    }

    fn fill(&self, _: Range<u64>, _: &Texts) -> Result<()> {
        Err(Error::from(NO_STORE))
    }

    fn count(&self) -> Result<u64> {
        Err(Error::from(NO_STORE))
    }

    fn has(&self, _: u64) -> Result<bool> {
        Err(Error::from(NO_STORE))
    }

    fn first(&self) -> Result<()> {
        Err(Error::from(NO_STORE))
    }

    fn drain(&self, _: usize, _: u64) -> Result<()> {
        Err(Error::from(NO_STORE))
    }
}

const NO_STORE: &str = "an append is no store";

const ITEMS: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("item");
const TAKEN: redb::TableDefinition<'_, u64, ()> = redb::TableDefinition::new("taken");

/// redb, which syncs each commit unless told otherwise.
pub(super) struct Redb<const SHARED: bool>(redb::Database);

impl<const SHARED: bool> Store for Redb<SHARED> {
    const NAME: &'static str = if SHARED {
        "redb, several writers"
    } else {
        "redb"
    };

    type Item = Numbered;

    fn open(folder: &Path) -> Result<Self> {
        let mut builder = redb::Database::builder();
        if SHARED {
            builder.set_concurrency_mode(ConcurrencyMode::MultiWriter);
        }
        let db = builder.create(folder.join("items.redb"))?;
        let write = db.begin_write()?;
        write.open_table(ITEMS)?;
        write.open_table(TAKEN)?;
        write.commit()?;
        Ok(Self(db))
    }

    fn item(number: u64, steps: usize) -> Result<Self::Item> {
        Numbered::new(number, steps)
    }

    fn put(&self, item: Self::Item) -> Result<()> {
        let write = self.0.begin_write()?;
        write
            .open_table(ITEMS)?
            .insert(item.number, item.text.as_slice())?;
        write.commit()?;
        Ok(())
    }

    fn fill(&self, numbers: Range<u64>, texts: &Texts) -> Result<()> {
        for group in groups(numbers) {
            let write = self.0.begin_write()?;
            let mut items = write.open_table(ITEMS)?;
            for number in group {
                items.insert(number, texts.of(number).as_slice())?;
            }
            drop(items);
            write.commit()?;
        }
        Ok(())
    }

    fn count(&self) -> Result<u64> {
        Ok(self.0.begin_read()?.open_table(ITEMS)?.len()?)
    }

    fn has(&self, number: u64) -> Result<bool> {
        Ok(self
            .0
            .begin_read()?
            .open_table(ITEMS)?
            .get(number)?
            .is_some())
    }

    fn first(&self) -> Result<()> {
        self.take(1).map(drop)
    }

    fn drain(&self, at_once: usize, most: u64) -> Result<()> {
        let mut left = most;
        while left > 0 {
            let taken = self.take(at_once)?;
            if taken.is_empty() {
                return Err(Error::from("it is empty too early"));
            }
            left = left.saturating_sub(taken.len() as u64);
            let write = self.0.begin_write()?;
            let (mut items, mut leases) = (write.open_table(ITEMS)?, write.open_table(TAKEN)?);
            for number in taken {
                items.remove(number)?;
                leases.remove(number)?;
            }
            drop((items, leases));
            write.commit()?;
        }
        Ok(())
    }

    fn compact(&mut self) -> Result<()> {
        while self.0.compact()? {}
        Ok(())
    }
}

impl<const SHARED: bool> Redb<SHARED> {
    fn take(&self, most: usize) -> Result<Vec<u64>> {
        let mut write = self.0.begin_write()?;
        write.set_durability(Durability::None)?;
        let mut taken = Vec::new();
        {
            let items = write.open_table(ITEMS)?;
            let mut leases = write.open_table(TAKEN)?;
            let oldest = redb::ReadableTable::range(&items, 0..)?;
            for row in oldest.take(most) {
                let (number, text) = row?;
                std::hint::black_box(text.value().to_vec());
                taken.push(number.value());
            }
            for number in &taken {
                leases.insert(number, ())?;
            }
        }
        write.commit()?;
        Ok(taken)
    }
}

fn groups(numbers: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let (from, to) = (numbers.start, numbers.end);
    (from..to)
        .step_by(GROUP as usize)
        .map(move |first| first..to.min(first + GROUP))
}

/// A file for each: written under another name, synced, renamed, and its folder synced.
#[derive(Debug)]
pub(super) struct Files(PathBuf);

impl Files {
    fn path(&self, number: u64) -> PathBuf {
        self.0.join(format!("{number:012}.json"))
    }

    fn sync_folder(&self) -> Result<()> {
        // Windows does not open folders, and syncs names with the file.
        if cfg!(unix) {
            File::open(&self.0)?.sync_all()?;
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<PathBuf>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "json") {
                names.push(path);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Store for Files {
    const NAME: &'static str = "a file for each";

    type Item = Numbered;

    fn open(folder: &Path) -> Result<Self> {
        Ok(Self(folder.to_owned()))
    }

    fn item(number: u64, steps: usize) -> Result<Self::Item> {
        Numbered::new(number, steps)
    }

    fn put(&self, item: Self::Item) -> Result<()> {
        let path = self.path(item.number);
        let unfinished = path.with_extension("tmp");
        let mut file = File::create(&unfinished)?;
        file.write_all(&item.text)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        self.sync_folder()
    }

    fn fill(&self, numbers: Range<u64>, texts: &Texts) -> Result<()> {
        for number in numbers {
            fs::write(self.path(number), texts.of(number))?;
        }
        self.sync_folder()
    }

    fn count(&self) -> Result<u64> {
        Ok(self.names()?.len() as u64)
    }

    fn has(&self, number: u64) -> Result<bool> {
        Ok(self.path(number).exists())
    }

    fn first(&self) -> Result<()> {
        let oldest = self.names()?.into_iter().next().ok_or("there is none")?;
        std::hint::black_box(fs::read(&oldest)?);
        fs::rename(&oldest, oldest.with_extension("taken"))?;
        Ok(())
    }

    fn drain(&self, at_once: usize, most: u64) -> Result<()> {
        // The names are read once: to read them for each would be all that is measured.
        let names = self.names()?;
        let names = names.get(..most as usize).ok_or("there are too few")?;
        for group in names.chunks(at_once) {
            let mut taken = Vec::new();
            for path in group {
                let to = path.with_extension("taken");
                fs::rename(path, &to)?;
                std::hint::black_box(fs::read(&to)?);
                taken.push(to);
            }
            for path in taken {
                fs::remove_file(path)?;
            }
            self.sync_folder()?;
        }
        Ok(())
    }
}
