//! Invalidations that could not be sent: kept until there is a session again, before it is trusted. With them go leases that
//! may have been taken while nobody heard of it: a server that was stopped carries out what it was sent before.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::keys::short;
use crate::link::{Link, Session};
use crate::tier::options::LONGEST_LIFE;
use crate::tier::scripts::{INVALIDATE, RELEASE, TAG};
use crate::tier::tags::{field, number, tag_of_kind};

/// As many are kept; one more, and all entries of its kind go.
const MOST: usize = 1024;

/// What is to be invalidated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Gone {
    /// An entry.
    Key { kind: String, key: Vec<u8> },
    /// All entries with a tag, by its hash; all of a kind have one, too.
    Tag(u64),
    /// The lease of this name, if it is the one with this token. It ends by itself, later.
    Lease { name: Vec<u8>, token: String },
}

impl Gone {
    /// Invalidates it for all members. The time on the server's clock where it was a tag.
    pub(super) async fn send(&self, session: &Arc<Session>, link: &Link) -> Result<Option<u64>> {
        let keys = session.keys();
        let (channel, member) = link.publish().unwrap_or_default();
        match self {
            Self::Key { kind, key } => {
                let key = short(key);
                let call = INVALIDATE
                    .call()
                    .key(&keys.entry(kind, &key))
                    .key(&keys.lease(kind, &key))
                    .key(&keys.failures(kind, &key))
                    .arg(channel)
                    .arg(member);
                session.script(call).await.map(|_| None)
            }
            Self::Lease { name, token } => {
                let call = RELEASE.call().key(name).arg(token);
                let call = call.arg(channel).arg(member);
                session.script(call).await.map(|_| None)
            }
            Self::Tag(tag) => {
                let longest = u64::try_from(LONGEST_LIFE.as_micros()).unwrap_or(u64::MAX);
                let call = TAG
                    .call()
                    .key(&keys.tags())
                    .key(&keys.tag_signal(field(*tag).as_bytes()))
                    .arg(field(*tag))
                    .arg(channel)
                    .arg(member)
                    .arg(longest);
                let value = session.script(call).await?;
                let at = number(&value).ok_or(Error::Protocol("the time of a tag"))?;
                Ok(Some(at))
            }
        }
    }
}

/// The invalidations that wait. Each has a number, so that one which comes again while it is sent is not lost.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    gone: HashMap<Gone, u64>,
    /// There were too many to be told one by one.
    all: Option<u64>,
    next: u64,
}

/// What waits at some time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) gone: Vec<(Gone, u64)>,
    all: Option<u64>,
}

impl Unsent {
    pub(super) fn add(&mut self, gone: Gone) {
        let is_full = self.all.is_some() || self.gone.len() >= MOST / 2;
        if matches!(gone, Gone::Lease { .. }) && is_full {
            // No invalidation makes room for it.
            return;
        }
        self.next += 1;
        if self.all.is_some() {
            self.all = Some(self.next);
            return;
        }
        self.gone.insert(gone, self.next);
        if self.gone.len() > MOST {
            self.gone.clear();
            self.all = Some(self.next);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.all.is_none()
    }

    /// All of them; `kinds` are those that this process has.
    pub(super) fn waiting(&self, kinds: impl IntoIterator<Item = String>) -> Waiting {
        let gone = if let Some(number) = self.all {
            let kinds = kinds.into_iter();
            kinds
                .map(|kind| (Gone::Tag(tag_of_kind(&kind)), number))
                .collect()
        } else {
            let gone = self.gone.iter();
            gone.map(|(gone, number)| (gone.clone(), *number)).collect()
        };
        Waiting {
            gone,
            all: self.all,
        }
    }

    /// One was sent.
    pub(super) fn sent(&mut self, gone: &Gone, number: u64) {
        if self.gone.get(gone) == Some(&number) {
            self.gone.remove(gone);
        }
    }

    /// All were.
    pub(super) fn all_sent(&mut self, waiting: &Waiting) {
        if self.all == waiting.all {
            self.all = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Gone {
        Gone::Key {
            kind: "a".to_owned(),
            key: n.to_string().into_bytes(),
        }
    }

    fn kinds() -> [String; 2] {
        ["a".to_owned(), "b".to_owned()]
    }

    #[test]
    fn they_are_bounded_and_none_is_lost() {
        let mut unsent = Unsent::default();
        for n in 0..MOST {
            unsent.add(key(n));
            unsent.add(key(n));
        }
        assert_eq!(unsent.gone.len(), MOST);
        for n in 0..10 {
            unsent.add(Gone::Tag(n));
        }
        let waiting = unsent.waiting(kinds());
        let gone: Vec<_> = waiting.gone.iter().map(|(gone, _)| gone.clone()).collect();
        assert_eq!(gone, ["a", "b"].map(|kind| Gone::Tag(tag_of_kind(kind))));
        // One more, while they are sent.
        unsent.add(key(1));
        unsent.all_sent(&waiting);
        assert!(!unsent.is_empty());
        let waiting = unsent.waiting(kinds());
        unsent.all_sent(&waiting);
        assert!(unsent.is_empty());
    }

    #[test]
    fn leases_take_no_place_of_invalidations() {
        let mut unsent = Unsent::default();
        for n in 0..2 * MOST {
            let name = n.to_string().into_bytes();
            unsent.add(Gone::Lease {
                name,
                token: String::new(),
            });
        }
        assert_eq!(unsent.gone.len(), MOST / 2);
        for n in 0..MOST / 2 {
            unsent.add(key(n));
        }
        assert!(unsent.all.is_none());
        unsent.add(key(MOST));
        assert!(unsent.all.is_some());
    }

    #[test]
    fn one_that_comes_again_while_it_is_sent_is_sent_again() {
        let mut unsent = Unsent::default();
        unsent.add(key(1));
        let waiting = unsent.waiting(kinds());
        unsent.add(key(1));
        unsent.sent(&waiting.gone[0].0, waiting.gone[0].1);
        let again = unsent.waiting(kinds());
        assert_eq!(again.gone.len(), 1);
        unsent.sent(&again.gone[0].0, again.gone[0].1);
        unsent.all_sent(&again);
        assert!(unsent.is_empty());
    }
}
