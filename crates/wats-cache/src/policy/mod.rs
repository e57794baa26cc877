//! Which entry goes when a shard is full: one trait, one file each.
//!
//! A policy keeps the slots of a shard in a [`List`](list::List) or a [`Queue`](queue::Queue), which keep their place in
//! [`Nodes`]; it sees no key and no value. It is called
//! with the shard's lock held and runs no code of the user. Expired entries are none of its business: the shard takes
//! those first.

mod ghost;
mod list;
mod lru;
mod queue;
mod s3fifo;
mod sieve;

pub(crate) use list::{Link, NIL};
use lru::Lru;
use s3fifo::S3Fifo;
use sieve::Sieve;

/// Which entry is evicted when the cache is full.
///
/// | policy | a hit costs | good at | bad at |
/// |---|---|---|---|
/// | [`S3Fifo`](Self::S3Fifo) | a bit in the entry | Zipf, scans, loops | – |
/// | [`Sieve`](Self::Sieve) | a bit in the entry | Zipf | loops larger than the cache |
/// | [`Lru`](Self::Lru) | moving the entry in a list | recency; an exact, foreseeable order | scans, loops |
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// Two queues and the ghosts of what was evicted lately: new entries must be used once more before they may push
    /// out proven ones. After Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
    #[default]
    S3Fifo,
    /// One queue and a hand that spares what was used since it last passed. After Zhang et al., "SIEVE is simpler than
    /// LRU", NSDI 2024.
    Sieve,
    /// Exactly the entry whose last use (read or write) lies furthest back. Such a cache has a single shard, so that
    /// the order holds over all its keys; reads of several threads wait for each other.
    Lru,
}

/// The entries of a shard as a policy sees them.
pub(crate) trait Nodes {
    fn link(&self, slot: u32) -> Link;
    fn link_mut(&mut self, slot: u32) -> &mut Link;
    /// The hash of the key.
    fn hash(&self, slot: u32) -> u32;
    /// How many entries there are.
    fn len(&self) -> usize;
    /// Uses since the count was last lowered, at most [`MAX_USES`](crate::entry::MAX_USES).
    fn uses(&self, slot: u32) -> u8;
    fn set_uses(&mut self, slot: u32, uses: u8);
    fn is_main(&self, slot: u32) -> bool;
    fn set_main(&mut self, slot: u32, main: bool);
}

/// An eviction policy of one shard.
pub(crate) trait Evict {
    /// Takes up a new entry.
    fn admit(&mut self, nodes: &mut impl Nodes, slot: u32);
    /// An entry was used, which is counted in the entry already.
    fn hit(&mut self, _nodes: &mut impl Nodes, _slot: u32) {}
    /// Takes an entry out of the order that is removed for another reason than want of room.
    fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32);
    /// Takes the entry out of the order that has to make room; `None` if there is none.
    fn evict(&mut self, nodes: &mut impl Nodes) -> Option<u32>;
    /// The slots have moved, with their links as they were: each number is now the one that stands at its place in `to`.
    fn moved(&mut self, nodes: &mut impl Nodes, to: &[u32]);
}

/// The policy a shard was built with.
#[derive(Debug)]
pub(crate) enum PolicyImpl {
    S3Fifo(S3Fifo),
    Sieve(Sieve),
    Lru(Lru),
}

impl PolicyImpl {
    pub(crate) fn new(policy: Policy) -> Self {
        match policy {
            Policy::S3Fifo => Self::S3Fifo(S3Fifo::default()),
            Policy::Sieve => Self::Sieve(Sieve::default()),
            Policy::Lru => Self::Lru(Lru::default()),
        }
    }
}

macro_rules! each {
    ($self:ident, $policy:ident => $call:expr) => {
        match $self {
            Self::S3Fifo($policy) => $call,
            Self::Sieve($policy) => $call,
            Self::Lru($policy) => $call,
        }
    };
}

impl Evict for PolicyImpl {
    #[inline]
    fn admit(&mut self, nodes: &mut impl Nodes, slot: u32) {
        each!(self, policy => policy.admit(nodes, slot));
    }

    #[inline]
    fn hit(&mut self, nodes: &mut impl Nodes, slot: u32) {
        each!(self, policy => policy.hit(nodes, slot));
    }

    #[inline]
    fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32) {
        each!(self, policy => policy.unlink(nodes, slot));
    }

    #[inline]
    fn evict(&mut self, nodes: &mut impl Nodes) -> Option<u32> {
        each!(self, policy => policy.evict(nodes))
    }

    fn moved(&mut self, nodes: &mut impl Nodes, to: &[u32]) {
        each!(self, policy => policy.moved(nodes, to));
    }
}
