//! Finds texts and shapes that were there before.

/// Probes before a new entry is not filed any more. It can then not be found again and is stored
/// twice: harmless, while a long search is not, where input is made to collide.
const PROBES: usize = 16;

/// Numbers by hash. Does not know what they stand for: the caller compares.
#[derive(Debug)]
pub(super) struct Index {
    /// Half of the hash above, a number + 1 below; or 0. A power of two of them, at most half used.
    slots: Vec<u64>,
    used: usize,
}

/// The half of a hash that is kept; the other half finds the slot.
const KEPT: u64 = !0 << 32;

impl Index {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![0; 512],
            used: 0,
        }
    }

    /// The number filed under `hash` for which `is_it`, if any.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        for probe in 0..PROBES {
            let slot = *self.slots.get(self.place(hash, probe))?;
            if slot == 0 {
                return None;
            }
            let number = slot as u32 - 1;
            if (slot ^ hash) & KEPT == 0 && is_it(number) {
                return Some(number);
            }
        }
        None
    }

    /// Files `number`; `hash_of` gives the hash of any number filed before.
    pub(super) fn file(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        if self.used * 2 >= self.slots.len() {
            let larger = vec![0; self.slots.len() * 4];
            let old = std::mem::replace(&mut self.slots, larger);
            for slot in old.into_iter().filter(|slot| *slot > 0) {
                let number = slot as u32 - 1;
                self.put(hash_of(number), number);
            }
        }
        self.put(hash, number);
        self.used += 1;
    }

    fn put(&mut self, hash: u64, number: u32) {
        for probe in 0..PROBES {
            let place = self.place(hash, probe);
            if let Some(free @ 0) = self.slots.get_mut(place) {
                *free = hash & KEPT | (u64::from(number) + 1);
                return;
            }
        }
    }

    #[inline]
    fn place(&self, hash: u64, probe: usize) -> usize {
        (hash as usize).wrapping_add(probe) & (self.slots.len() - 1)
    }
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * u128::from(FACTOR);
    (product >> 64) as u64 ^ product as u64
}

/// A hash of bytes, eight at a time; the last eight may overlap those before.
#[inline]
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut state = FACTOR ^ bytes.len() as u64;
    let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
    let half = |chunk: Option<&[u8; 4]>| chunk.map_or(0, |chunk| u32::from_le_bytes(*chunk));
    match bytes {
        [] => state,
        [first, .., last] if bytes.len() < 4 => {
            let middle = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
            let word = u32::from_le_bytes([*first, middle, *last, 0]);
            mix(state, u64::from(word))
        }
        [only] => mix(state, u64::from(*only)),
        _ if bytes.len() < 8 => {
            let (first, last) = (half(bytes.first_chunk()), half(bytes.last_chunk()));
            mix(state, u64::from(first) << 32 | u64::from(last))
        }
        _ => {
            let mut rest = bytes;
            while rest.len() > 8 {
                state = mix(state, word(rest.first_chunk()));
                rest = rest.get(8..).unwrap_or_default();
            }
            mix(state, word(bytes.last_chunk()))
        }
    }
}

/// A hash of words.
#[inline]
pub(super) fn hash_words(words: &[u64]) -> u64 {
    words.iter().fold(FACTOR, |state, word| mix(state, *word))
}

/// Texts, each once, in the order of their first use.
#[derive(Debug)]
pub(super) struct Texts {
    index: Index,
    pub(super) joined: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            index: Index::new(),
            joined: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The number of a text, and whether it is new.
    #[inline]
    pub(super) fn number(&mut self, text: &str) -> (u32, bool) {
        let text = text.as_bytes();
        let hash = hash(text);
        let known = |number| self.get(number) == text;
        match self.index.find(hash, known) {
            Some(number) => (number, false),
            None => (self.add(text, hash), true),
        }
    }

    #[inline]
    fn get(&self, number: u32) -> &[u8] {
        get(&self.joined, &self.ends, number)
    }

    fn add(&mut self, text: &[u8], hash: u64) -> u32 {
        let number = self.ends.len() as u32;
        self.joined.extend_from_slice(text);
        self.ends.push(self.joined.len());
        let (joined, ends) = (&self.joined, &self.ends);
        self.index
            .file(hash, number, |number| self::hash(get(joined, ends, number)));
        number
    }
}

#[inline]
fn get<'a>(joined: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = match number {
        0 => 0,
        _ => ends.get(number - 1).copied().unwrap_or_default(),
    };
    let end = ends.get(number).copied().unwrap_or_default();
    joined.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_number_through_growth() {
        let mut texts = Texts::new();
        let text = |n: u32| format!("text {n} {}", "x".repeat(n as usize % 20));
        for n in 0..5000 {
            assert_eq!(texts.number(&text(n)), (n, true));
        }
        let found = (0..5000).filter(|n| texts.number(&text(*n)) == (*n, false));
        // A few may have been left out where many fell together.
        assert!(found.count() > 4900);
    }

    #[test]
    fn collisions_cost_no_more_than_the_probes() {
        let mut index = Index::new();
        for number in 0..1000 {
            index.file(7, number, |_| 7);
        }
        let compared = std::cell::Cell::new(0);
        let found = index.find(7, |_| {
            compared.set(compared.get() + 1);
            false
        });
        assert_eq!((found, compared.get()), (None, PROBES));
    }

    #[test]
    fn hashes_tell_lengths_and_tails_apart() {
        let texts = [
            "",
            "\0",
            "\0\0",
            "abcdefgh",
            "abcdefgh\0",
            "abcdefghi",
            "abcdefg",
        ];
        let mut hashes: Vec<_> = texts.map(|text| hash(text.as_bytes())).to_vec();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), texts.len());
    }
}
