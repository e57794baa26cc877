//! Where callers find their answers: one cell each, in chunks with a short lock of their own. A
//! caller that comes for its answer waits for nobody but those of its own chunk, and never for the
//! queue.
//!
//! One cell's life: issued with its chunk ([`open`](Answers::open)) → [`deliver`](Answers::deliver)
//! → [`poll`](Answers::poll); the caller may [`leave`](Answers::leave) before or after the answer
//! came. Cells are issued in order; a chunk is issued again when its last cell is free, the lowest
//! chunk first, and chunks beyond the first [`KEEP`] then give their memory back.
//!
//! Lock order: a chunk, or the queue, before the list of free chunks; never a chunk and the queue.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};

use crate::BatchError;
use crate::list::{Index, NIL};
use crate::sync::Lock;

/// Cells of a chunk.
pub(crate) const CHUNK: u32 = 32;

/// This many chunks keep their memory when nobody uses them.
pub(crate) const KEEP: u32 = 128;

/// Segment `n` of the table holds 2ⁿ chunks; together they cover all indices.
const SEGMENTS: usize = (Index::BITS - CHUNK.ilog2()) as usize;

type Answer<R, E> = Result<R, BatchError<E>>;

#[derive(Debug)]
enum Cell<R, E> {
    /// Nothing here: no answer yet, or not any more.
    Empty,
    /// No answer yet. Beside the waker that went into the queue with the item.
    Watched(Waker),
    /// No answer yet, and nobody wants it.
    Abandoned,
    Answered(Answer<R, E>),
}

#[derive(Debug)]
struct Chunk<R, E> {
    /// Made when first used.
    cells: Vec<Cell<R, E>>,
    /// How many cells were given back since the chunk was issued.
    free: u32,
}

impl<R, E> Chunk<R, E> {
    const fn new() -> Self {
        Self {
            cells: Vec::new(),
            free: 0,
        }
    }

    #[inline]
    fn cell(&mut self, index: Index) -> &mut Cell<R, E> {
        if self.cells.is_empty() {
            self.cells.resize_with(CHUNK as usize, || Cell::Empty);
        }
        &mut self.cells[(index % CHUNK) as usize]
    }
}

/// On cache lines of its own, so that neighbours do not slow each other down.
#[derive(Debug)]
#[repr(align(64))]
struct Line<R, E>(Lock<Chunk<R, E>>);

/// Made when its first chunk is issued.
type Segment<R, E> = OnceLock<Box<[Line<R, E>]>>;

/// A caller that is to be answered: its cell, and the waker it left in the queue.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) cell: Index,
    pub(crate) waker: Option<Waker>,
}

impl Waiter {
    /// Stands for one that was answered before.
    pub(crate) const NOBODY: Self = Self {
        cell: NIL,
        waker: None,
    };
}

/// The chunks that may be issued.
#[derive(Debug)]
struct Free {
    chunks: BinaryHeap<Reverse<u32>>,
    /// How many chunks were ever issued.
    made: u32,
}

#[derive(Debug)]
pub(crate) struct Answers<R, E> {
    segments: [Segment<R, E>; SEGMENTS],
    free: Lock<Free>,
    /// Callers that got an error.
    failed: AtomicU64,
}

impl<R, E> Answers<R, E> {
    pub(crate) fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            free: Lock::new(Free {
                chunks: BinaryHeap::new(),
                made: 0,
            }),
            failed: AtomicU64::new(0),
        }
    }

    /// Issues the cells of a chunk; none, if all there can be are in use.
    pub(crate) fn open(&self) -> Range<Index> {
        let mut free = self.free.lock();
        let id = if let Some(Reverse(id)) = free.chunks.pop() {
            id
        } else if free.made < NIL / CHUNK {
            free.made += 1;
            free.made - 1
        } else {
            return 0..0;
        };
        id * CHUNK..(id + 1) * CHUNK
    }

    /// The answer, if it is there; otherwise makes sure that `current` will be woken.
    #[inline]
    pub(crate) fn poll(&self, index: Index, current: &Waker) -> Poll<Answer<R, E>> {
        // Cloning and dropping a waker is foreign code: both happen outside the lock.
        let mut spare = None;
        loop {
            {
                let mut chunk = self.chunk(index).lock();
                match chunk.cell(index) {
                    Cell::Watched(known) if known.will_wake(current) => return Poll::Pending,
                    cell @ (Cell::Empty | Cell::Watched(_)) => {
                        if let Some(waker) = spare.take() {
                            if let Cell::Watched(old) =
                                std::mem::replace(cell, Cell::Watched(waker))
                            {
                                spare = Some(old);
                            }
                            drop(chunk);
                            drop(spare);
                            return Poll::Pending;
                        }
                    }
                    cell => {
                        let seen = std::mem::replace(cell, Cell::Empty);
                        self.give_back(&mut chunk, index);
                        return Poll::Ready(match seen {
                            Cell::Answered(answer) => answer,
                            // Not reachable: only one who left abandons its cell.
                            _ => Err(BatchError::Interrupted),
                        });
                    }
                }
            }
            spare = Some(current.clone());
        }
    }

    /// Gives out answers, and says how many callers got an error. The wakers are to be woken, and
    /// the leftovers dropped, after it.
    #[inline]
    pub(crate) fn deliver(
        &self,
        answers: impl Iterator<Item = (Waiter, Answer<R, E>)>,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Answer<R, E>>,
    ) -> u64 {
        let mut failed = 0;
        let mut held = None;
        for (Waiter { cell: index, waker }, answer) in answers {
            if index == NIL {
                leftovers.push(answer);
                continue;
            }
            if !matches!(&held, Some((id, _)) if *id == index / CHUNK) {
                // One chunk is unlocked before the next is locked.
                drop(held.take());
            }
            let (_, chunk) = held.get_or_insert_with(|| (index / CHUNK, self.chunk(index).lock()));
            wakers.extend(waker);
            let cell = chunk.cell(index);
            let is_error = answer.is_err();
            match std::mem::replace(cell, Cell::Answered(answer)) {
                Cell::Abandoned => {
                    if let Cell::Answered(answer) = std::mem::replace(cell, Cell::Empty) {
                        leftovers.push(answer);
                    }
                    self.give_back(chunk, index);
                    continue;
                }
                Cell::Watched(waker) => wakers.push(waker),
                // Answered before is not reachable: the queue names a caller once.
                Cell::Empty | Cell::Answered(_) => {}
            }
            failed += u64::from(is_error);
        }
        drop(held);
        if failed > 0 {
            self.failed.fetch_add(failed, Ordering::Relaxed);
        }
        failed
    }

    /// The caller is gone; its answer came already or is on its way.
    pub(crate) fn leave(&self, index: Index) {
        // Declared first, so that what was in the cell is dropped after the lock.
        let _seen;
        let mut chunk = self.chunk(index).lock();
        let cell = chunk.cell(index);
        let is_here = matches!(cell, Cell::Answered(_));
        let next = if is_here {
            Cell::Empty
        } else {
            Cell::Abandoned
        };
        _seen = std::mem::replace(cell, next);
        if is_here {
            self.give_back(&mut chunk, index);
        }
    }

    /// The caller is gone, and no answer will come.
    pub(crate) fn cancel(&self, index: Index) {
        let mut seen = Cell::Empty;
        let mut chunk = self.chunk(index).lock();
        if !chunk.cells.is_empty() {
            std::mem::swap(chunk.cell(index), &mut seen);
        }
        self.give_back(&mut chunk, index);
        drop(chunk);
        drop(seen);
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Chunks issued and not free again; cells that keep memory.
    #[cfg(test)]
    pub(crate) fn usage(&self) -> (u32, usize) {
        let free = self.free.lock();
        let lines = self.segments.iter().filter_map(OnceLock::get).flatten();
        (
            free.made - free.chunks.len() as u32,
            lines.map(|line| line.0.lock().cells.len()).sum(),
        )
    }

    // ---- inside ------------------------------------------------------------------------------

    #[inline]
    fn chunk(&self, index: Index) -> &Lock<Chunk<R, E>> {
        let nth = index / CHUNK + 1;
        let segment = nth.ilog2();
        let lines = self.segments[segment as usize].get_or_init(|| {
            let line = || Line(Lock::new(Chunk::new()));
            (0..1_u32 << segment).map(|_| line()).collect()
        });
        &lines[(nth - (1 << segment)) as usize].0
    }

    /// One cell of the chunk is free; after the last, all of them are.
    #[inline]
    fn give_back(&self, chunk: &mut Chunk<R, E>, index: Index) {
        chunk.free += 1;
        if chunk.free == CHUNK {
            self.give_back_chunk(chunk, index / CHUNK);
        }
    }

    #[cold]
    fn give_back_chunk(&self, chunk: &mut Chunk<R, E>, id: u32) {
        chunk.free = 0;
        if id >= KEEP {
            chunk.cells = Vec::new();
        }
        self.free.lock().chunks.push(Reverse(id));
    }
}
