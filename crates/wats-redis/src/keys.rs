//! Names of keys.
//!
//! `w1` is the format of the key space. `{namespace}` is the only hash tag of a name, so a namespace is one slot of a
//! cluster, and scripts may touch all of its keys.
//!
//! | key | holds | told to the other members |
//! |---|---|---|
//! | `w1:{ns}:c:<kind>:<key>` | hash: schema → envelope | yes |
//! | `w1:{ns}:c:l:<kind>:<key>` | lease of a load | yes |
//! | `w1:{ns}:c:t:<tag>` | signal that a tag was invalidated | yes |
//! | `w1:{ns}:c:pause` | pause of the request budget | yes |
//! | `w1:{ns}:n:s:<token>` | entry of a load, before it stands where it is read | no |
//! | `w1:{ns}:n:f:<kind>:<key>` | number of loads that failed in a row | no |
//! | `w1:{ns}:n:tags`, `…:n:log`, `…:n:log-meta`, `…:n:members` | times of tags, booked requests, members | no |
//!
//! `l`, `t` and `pause` are no kinds: a kind is written with a letter before it (`k`).

use ring::digest::{SHA256, digest};

use crate::security::hex;

/// A key longer than this is replaced by its hash.
pub(crate) const LONGEST: usize = 200;

/// The names of one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    /// `w1:{namespace}:`
    base: String,
}

impl Keys {
    /// `namespace` has no braces: see [`Namespace`](crate::security::Namespace).
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            base: format!("w1:{{{namespace}}}:"),
        }
    }

    /// What begins all keys whose changes are told.
    pub(crate) fn tracked_prefix(&self) -> String {
        format!("{}c:", self.base)
    }

    /// An entry of the cache, by its key as it stands in names: see [`short`].
    pub(crate) fn entry(&self, kind: &str, short: &[u8]) -> Vec<u8> {
        self.of_short("c:k", kind, short)
    }

    /// The lease of a load of this entry.
    pub(crate) fn lease(&self, kind: &str, short: &[u8]) -> Vec<u8> {
        self.of_short("c:l:k", kind, short)
    }

    /// How often loads of this entry have failed in a row.
    pub(crate) fn failures(&self, kind: &str, short: &[u8]) -> Vec<u8> {
        self.of_short("n:f:k", kind, short)
    }

    /// Where a load with this lease puts its entry, for the moment of the transaction in which it is written.
    pub(crate) fn staged(&self, token: &str) -> Vec<u8> {
        format!("{}n:s:{token}", self.base).into_bytes()
    }

    /// The signal that a tag was invalidated.
    pub(crate) fn tag_signal(&self, tag: &[u8]) -> Vec<u8> {
        let mut name = format!("{}c:t:", self.base).into_bytes();
        push_short(&mut name, tag);
        name
    }

    /// Times at which tags were invalidated.
    pub(crate) fn tags(&self) -> Vec<u8> {
        format!("{}n:tags", self.base).into_bytes()
    }

    /// The pause of the request budget.
    pub(crate) fn pause(&self) -> Vec<u8> {
        format!("{}c:pause", self.base).into_bytes()
    }

    /// The booked requests.
    pub(crate) fn log(&self) -> Vec<u8> {
        format!("{}n:log", self.base).into_bytes()
    }

    /// What is known of the booked requests as a whole.
    pub(crate) fn log_meta(&self) -> Vec<u8> {
        format!("{}n:log-meta", self.base).into_bytes()
    }

    /// Who is there.
    pub(crate) fn members(&self) -> Vec<u8> {
        format!("{}n:members", self.base).into_bytes()
    }

    /// The channel on which changes are published where there is no tracking.
    pub(crate) fn channel(&self) -> Vec<u8> {
        format!("{}n:changes", self.base).into_bytes()
    }

    /// What a name of this namespace stands for; `None` for foreign names.
    pub(crate) fn parse<'a>(&self, name: &'a [u8]) -> Option<Named<'a>> {
        let rest = name
            .strip_prefix(self.base.as_bytes())?
            .strip_prefix(b"c:")?;
        if rest == b"pause" {
            return Some(Named::Pause);
        }
        if let Some(tag) = rest.strip_prefix(b"t:") {
            return Some(Named::Tag(tag));
        }
        let (lease, rest) = match rest.strip_prefix(b"l:") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let rest = rest.strip_prefix(b"k")?;
        let colon = rest.iter().position(|byte| *byte == b':')?;
        let kind = std::str::from_utf8(rest.get(..colon)?).ok()?;
        let key = rest.get(colon + 1..)?;
        Some(if lease {
            Named::Lease { kind, key }
        } else {
            Named::Entry { kind, key }
        })
    }

    fn of_short(&self, part: &str, kind: &str, short: &[u8]) -> Vec<u8> {
        debug_assert!(
            matches!(short.first(), Some(b'=' | b'#')),
            "not a key itself"
        );
        let parts = [
            self.base.as_bytes(),
            part.as_bytes(),
            kind.as_bytes(),
            b":",
            short,
        ];
        parts.concat()
    }
}

/// What a key of a namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// An entry; its key as it stands in the name: see [`short`].
    Entry { kind: &'a str, key: &'a [u8] },
    /// The lease of a load.
    Lease { kind: &'a str, key: &'a [u8] },
    /// The signal of a tag, as it stands in the name.
    Tag(&'a [u8]),
    /// The pause of the request budget.
    Pause,
}

/// A key as it stands in names: itself, or its hash if it is long. The first byte tells them apart.
pub(crate) fn short(key: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(1 + key.len().min(LONGEST));
    push_short(&mut name, key);
    name
}

fn push_short(name: &mut Vec<u8>, key: &[u8]) {
    if key.len() <= LONGEST {
        name.push(b'=');
        name.extend_from_slice(key);
        return;
    }
    name.push(b'#');
    // Cryptographic, since whoever chooses keys must not be able to make two of them one.
    let digest = digest(&SHA256, key);
    name.extend_from_slice(hex(digest.as_ref().get(..16).unwrap_or_default()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_as_written_down() {
        let keys = Keys::new("line-3");
        assert_eq!(
            keys.entry("product", b"=A/1"),
            b"w1:{line-3}:c:kproduct:=A/1"
        );
        assert_eq!(
            keys.lease("product", b"=A/1"),
            b"w1:{line-3}:c:l:kproduct:=A/1"
        );
        assert_eq!(keys.tag_signal(b"*"), b"w1:{line-3}:c:t:=*");
        assert_eq!(keys.tracked_prefix(), "w1:{line-3}:c:");
        let prefix = keys.tracked_prefix().into_bytes();
        assert!(keys.pause().starts_with(&prefix));
        for untold in [
            keys.tags(),
            keys.log(),
            keys.members(),
            keys.channel(),
            keys.staged("t"),
        ] {
            assert!(!untold.starts_with(&prefix));
        }
        assert_eq!(keys.parse(&keys.pause()), Some(Named::Pause));
        let other = Keys::new("line-4");
        assert_eq!(keys.parse(&other.entry("product", b"=A")), None);
        assert_eq!(keys.parse(&keys.members()), None);
    }

    proptest! {
        #[test]
        fn a_name_is_read_back_and_bounded(
            kind in "[a-z-]{1,12}",
            key in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let keys = Keys::new("n");
            let key_in_name = short(&key);
            for (name, expected) in [
                (keys.entry(&kind, &key_in_name), Named::Entry { kind: &kind, key: &key_in_name }),
                (keys.lease(&kind, &key_in_name), Named::Lease { kind: &kind, key: &key_in_name }),
                (keys.tag_signal(&key), Named::Tag(&key_in_name)),
            ] {
                let longest = "w1:{n}:c:l:k:".len() + kind.len() + 1 + LONGEST;
                prop_assert!(name.len() <= longest, "{} bytes", name.len());
                // The first pair of braces is the hash tag, whatever the key holds.
                let open = name.iter().position(|byte| *byte == b'{').unwrap();
                let close = name.iter().position(|byte| *byte == b'}').unwrap();
                prop_assert_eq!(&name[open..=close], b"{n}");
                prop_assert_eq!(keys.parse(&name), Some(expected));
            }
        }

        #[test]
        fn different_keys_have_different_names(
            one in prop::collection::vec(any::<u8>(), 190..210),
            other in prop::collection::vec(any::<u8>(), 190..210),
        ) {
            prop_assert_eq!(one == other, short(&one) == short(&other));
        }
    }
}
