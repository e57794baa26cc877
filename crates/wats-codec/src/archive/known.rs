//! Finds what was said before: texts and shapes by a hash, what lies in the program by its address.

/// Probes before a new entry is not filed any more. It can then not be found again and is stored
/// twice, which does no harm, while a long search is not, where input is made to collide.
const PROBES: usize = 32;

/// Numbers by hash. Does not know what they stand for: the caller compares.
#[derive(Debug)]
pub(super) struct Index {
    /// The upper half of a hash above, a number + 1 below; or 0. A power of two of them, at most three quarters
    /// used.
    slots: Vec<u64>,
    used: usize,
    /// What of a hash is left over where its first bits have found the slot: products are best there.
    shift: u32,
}

/// The half of a hash that is kept, and finds the slot.
const KEPT: u64 = !0 << 32;

impl Index {
    pub(super) fn new() -> Self {
        const BITS: u32 = 6;
        Self {
            slots: vec![0; 1 << BITS],
            used: 0,
            shift: u64::BITS - BITS,
        }
    }

    /// The number filed under `hash` for which `is_it`, if any.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        for probe in 0..PROBES {
            let slot = *self.slots.get(self.place(hash, probe))?;
            if slot == 0 {
                return None;
            }
            if (slot ^ hash) >> 32 == 0 && is_it(slot as u32 - 1) {
                return Some(slot as u32 - 1);
            }
        }
        None
    }

    /// Files `number`.
    pub(super) fn file(&mut self, hash: u64, number: u32) {
        if self.used * 4 >= self.slots.len() * 3 {
            let larger = vec![0; self.slots.len() * 2];
            self.shift -= 1;
            let old = std::mem::replace(&mut self.slots, larger);
            for slot in old.into_iter().filter(|slot| *slot > 0) {
                self.put(slot);
            }
        }
        self.put(hash & KEPT | (u64::from(number) + 1));
        self.used += 1;
    }

    fn put(&mut self, slot: u64) {
        for probe in 0..PROBES {
            let place = self.place(slot, probe);
            if let Some(free @ 0) = self.slots.get_mut(place) {
                *free = slot;
                return;
            }
        }
    }

    #[inline]
    fn place(&self, hash: u64, probe: usize) -> usize {
        ((hash >> self.shift) as usize).wrapping_add(probe) & (self.slots.len() - 1)
    }
}

pub(super) const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}

/// What tells texts apart without a look at them: the length, the first sixteen bytes and the last eight. Up to
/// [`WHOLE`](Self::WHOLE) bytes that is the whole text.
#[derive(Clone, Copy, Debug)]
struct EndMarks {
    length: u64,
    words: [u64; 3],
}

impl EndMarks {
    const WHOLE: u64 = 24;

    #[inline]
    fn of(text: &[u8]) -> Self {
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        let words = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            // What is shorter than sixteen is there twice.
            let second = text.first_chunk::<16>().and_then(|text| text.last_chunk());
            [word(first), second.map_or(0, word), word(last)]
        } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>())
        {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            [u64::from(first) | u64::from(last) << 32, 0, 0]
        } else {
            let letter = |at: usize| u64::from(text.get(at).copied().unwrap_or_default());
            [letter(0) | letter(1) << 8 | letter(2) << 16, 0, 0]
        };
        let length = text.len() as u64;
        Self { length, words }
    }

    /// Word by word: a derived comparison loads vectors of words that were just stored, and waits.
    #[inline]
    fn same(&self, other: Self) -> bool {
        let (ours, its) = (self.words, other.words);
        self.length == other.length && ours[0] == its[0] && ours[1] == its[1] && ours[2] == its[2]
    }

    /// A hash of them; of a text up to [`WHOLE`](Self::WHOLE) bytes it is one of the whole text. Its upper bits
    /// depend on all others.
    #[inline]
    fn hash(&self) -> u64 {
        let [first, second, last] = self.words;
        // Products that do not wait for each other.
        let begin = mix(
            first ^ self.length ^ FACTOR,
            second ^ FACTOR.rotate_left(16),
        );
        begin ^ last.wrapping_mul(FACTOR.rotate_left(32))
    }
}

/// A hash of a text longer than [`EndMarks::WHOLE`], from that of its ends.
fn hash_long(ends: u64, text: &[u8]) -> u64 {
    let words = text.as_chunks::<8>().0;
    words.iter().fold(ends, |state, word| {
        mix(state ^ u64::from_le_bytes(*word), FACTOR)
    })
}

/// A hash of words. Only a turn and an exclusive or wait for the word before.
#[inline]
pub(super) fn hash_words(words: &[u64]) -> u64 {
    let sum = words.iter().fold(words.len() as u64, |state, word| {
        state.rotate_left(11) ^ word.wrapping_mul(FACTOR)
    });
    mix(sum ^ FACTOR, FACTOR)
}

/// Texts, or bytes of any meaning, each once, in the order of their first use.
#[derive(Debug)]
pub(super) struct Texts {
    index: Index,
    known: Vec<EndMarks>,
    pub(super) joined: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Texts {
    /// Space for so many is set aside.
    pub(super) fn new(at_first: usize) -> Self {
        Self {
            index: Index::new(),
            known: Vec::with_capacity(at_first),
            joined: Vec::with_capacity(at_first * 32),
            ends: Vec::with_capacity(at_first),
        }
    }

    /// The number of a text, and whether it is new.
    #[inline]
    pub(super) fn number(&mut self, text: &[u8]) -> (u32, bool) {
        let ends = EndMarks::of(text);
        let hash = ends.hash();
        if ends.length > EndMarks::WHOLE {
            return self.number_long(text, ends, hash_long(hash, text));
        }
        match self.index.find(hash, |number| self.is_like(number, ends)) {
            Some(number) => (number, false),
            None => (self.add(text, ends, hash), true),
        }
    }

    #[inline(never)]
    fn number_long(&mut self, text: &[u8], ends: EndMarks, hash: u64) -> (u32, bool) {
        let is_it = |number| self.is_like(number, ends) && self.get(number) == text;
        match self.index.find(hash, is_it) {
            Some(number) => (number, false),
            None => (self.add(text, ends, hash), true),
        }
    }

    #[inline]
    fn is_like(&self, number: u32, ends: EndMarks) -> bool {
        let known = self.known.get(number as usize);
        known.is_some_and(|known| known.same(ends))
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> &[u8] {
        get(&self.joined, &self.ends, number)
    }

    #[inline(never)]
    fn add(&mut self, text: &[u8], known: EndMarks, hash: u64) -> u32 {
        let number = self.ends.len() as u32;
        self.joined.extend_from_slice(text);
        self.ends.push(self.joined.len());
        self.known.push(known);
        self.index.file(hash, number);
        number
    }
}

/// Part `number` of what was joined, by the ends of the parts.
#[inline]
pub(super) fn get<'a, T>(joined: &'a [T], ends: &[usize], number: u32) -> &'a [T] {
    let number = number as usize;
    let start = match number {
        0 => 0,
        _ => ends.get(number - 1).copied().unwrap_or_default(),
    };
    let end = ends.get(number).copied().unwrap_or_default();
    joined.get(start..end).unwrap_or_default()
}

/// Numbers of things that lie in the program itself, by where they lie. Not more of them than
/// [`MOST`](Self::MOST); the caller looks up what is not here.
pub(super) struct Dictionary(Box<[(usize, u32); Self::MOST]>);

impl Dictionary {
    const MOST: usize = 128;

    pub(super) fn new() -> Self {
        Self(Box::new([(0, 0); Self::MOST]))
    }

    #[inline]
    pub(super) fn get<T>(&self, thing: &'static [T]) -> Option<u32> {
        let known = identity(thing);
        let (found, number) = *self.0.get(Self::place(known))?;
        (found == known).then_some(number)
    }

    /// Remembers a number in the place of another.
    #[cold]
    pub(super) fn learn<T>(&mut self, thing: &'static [T], number: u32) {
        let known = identity(thing);
        if let Some(place) = self.0.get_mut(Self::place(known)) {
            *place = (known, number);
        }
    }

    #[inline]
    fn place(known: usize) -> usize {
        // They lie close together, and at any distance: only the upper half of a product spreads them.
        let spread = (known as u64).wrapping_mul(FACTOR) >> 32;
        spread as usize % Self::MOST
    }
}

/// Tells things apart that lie in the program. Things of different lengths may begin at one address.
#[inline]
pub(super) fn identity<T>(thing: &'static [T]) -> usize {
    thing.as_ptr() as usize ^ thing.len().rotate_right(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_number_through_growth() {
        let mut texts = Texts::new(0);
        let text = |n: u32| format!("text {n} {}", "x".repeat(n as usize % 20));
        for n in 0..5000 {
            assert_eq!(texts.number(text(n).as_bytes()), (n, true));
        }
        let found = (0..5000).filter(|n| texts.number(text(*n).as_bytes()) == (*n, false));
        // A few may have been left out where many fell together.
        assert!(found.count() > 4900);
    }

    #[test]
    fn collisions_cost_no_more_than_the_probes() {
        let mut index = Index::new();
        for number in 0..1000 {
            index.file(7 << 32, number);
        }
        let compared = std::cell::Cell::new(0);
        let found = index.find(7 << 32, |_| {
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
        let mut hashes: Vec<_> = texts
            .map(|text| EndMarks::of(text.as_bytes()).hash())
            .to_vec();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn texts_that_differ_in_one_byte_are_two() {
        for length in 0..70 {
            let mut texts = Texts::new(0);
            let text = "a".repeat(length);
            assert_eq!(texts.number(text.as_bytes()), (0, true));
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert!(texts.number(other.as_bytes()).1, "{other}");
            }
            assert_eq!(texts.number(text.as_bytes()), (0, false));
        }
    }
}
