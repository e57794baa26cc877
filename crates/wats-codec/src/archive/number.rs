//! Numbers of any length. The lowest bits of the first byte say how many bytes follow: so many zeros, and a one. What stands
//! above is the number, the least significant byte first. A first byte of zero is followed by all eight bytes.

/// How many bits a byte has beside the one that tells the length.
const BITS: u32 = 7;
/// The most bytes of a number whose length stands in its first byte.
const LONGEST: u32 = u8::BITS;

/// A number in a byte, if it takes no more.
#[inline]
pub(super) fn small_number(number: usize) -> Option<u8> {
    (number < 1 << BITS).then_some((number as u8) << 1 | 1)
}

#[inline]
pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    // Most take one byte or two. With room for them there is nothing to call.
    if number < 1 << BITS && out.len() < out.capacity() {
        return out.push((number as u8) << 1 | 1);
    }
    if number < 1 << (2 * BITS) && out.capacity() - out.len() >= 2 {
        return out.extend_from_slice(&((number as u16) << 2 | 2).to_le_bytes());
    }
    push_long_number(out, number);
}

#[inline(never)]
fn push_long_number(out: &mut Vec<u8>, number: u64) {
    if number >> (BITS * LONGEST) > 0 || out.capacity() - out.len() < size_of::<u64>() {
        return push_longest_number(out, number);
    }
    push_word(out, number);
}

/// A number of no more than [`LONGEST`] bytes.
#[inline]
fn push_word(out: &mut Vec<u8>, number: u64) {
    let length = (u64::BITS - (number | 1).leading_zeros()).div_ceil(BITS);
    let end = out.len() + length as usize;
    // Eight bytes are one store; those beyond the number go again.
    out.extend_from_slice(&((number << 1 | 1) << (length - 1)).to_le_bytes());
    out.truncate(end);
}

#[cold]
#[inline(never)]
fn push_longest_number(out: &mut Vec<u8>, number: u64) {
    if number >> (BITS * LONGEST) == 0 {
        return push_word(out, number);
    }
    out.push(0);
    out.extend_from_slice(&number.to_le_bytes());
}

#[inline]
pub(super) fn take_number(from: &mut &[u8]) -> Option<u64> {
    let (first, rest) = from.split_first()?;
    // Most take one byte.
    if first & 1 == 1 {
        *from = rest;
        return Some(u64::from(first >> 1));
    }
    take_long_number(from)
}

#[inline(never)]
fn take_long_number(from: &mut &[u8]) -> Option<u64> {
    let length = from.first()?.trailing_zeros() + 1;
    let (bytes, rest) = from.split_at_checked(length as usize)?;
    let word = match (from.first_chunk(), bytes.last_chunk()) {
        // All eight bytes behind the first.
        (_, Some(last)) if length > LONGEST => {
            *from = rest;
            return Some(u64::from_le_bytes(*last));
        }
        (Some(word), _) => *word,
        // At the end of a section.
        _ => {
            let mut word = [0; size_of::<u64>()];
            word.get_mut(..bytes.len())?.copy_from_slice(bytes);
            word
        }
    };
    *from = rest;
    // What belongs to the number goes to the upper end, and down without its length.
    let beyond = u64::BITS - 8 * length;
    Some(u64::from_le_bytes(word) << beyond >> (beyond + length))
}

#[inline]
pub(super) fn take_length(from: &mut &[u8]) -> Option<usize> {
    take_number(from)?.try_into().ok()
}

pub(super) const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

pub(super) const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The plainest way.
    fn plainly(number: u64) -> Vec<u8> {
        for length in 1..=8 {
            if number < 1 << (7 * length) {
                let length_mark = 1 << (length - 1);
                let word = u128::from(number) << length | length_mark;
                return word.to_le_bytes()[..length].to_vec();
            }
        }
        [&[0], &number.to_le_bytes()[..]].concat()
    }

    proptest! {
        #[test]
        fn numbers_survive(number: u64, shift in 0..64u32, after in 0..10usize) {
            let number = number >> shift;
            let mut bytes = vec![b'x'];
            push_number(&mut bytes, number);
            prop_assert_eq!(&bytes[1..], plainly(number));
            bytes.resize(bytes.len() + after, 0xff);
            let mut rest = &bytes[1..];
            prop_assert_eq!(take_number(&mut rest), Some(number));
            prop_assert_eq!(rest, vec![0xff; after]);
            let signed = number.cast_signed();
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }
    }

    #[test]
    fn every_length_begins_and_ends_where_it_should() {
        for bits in 0..64 {
            for number in [(1u64 << bits) - 1, 1 << bits, (1 << bits) + 1] {
                let mut bytes = Vec::new();
                push_number(&mut bytes, number);
                assert_eq!(bytes, plainly(number));
                assert_eq!(take_number(&mut &bytes[..]), Some(number));
                // Cut, it is no number.
                assert_eq!(take_number(&mut &bytes[..bytes.len() - 1]), None);
            }
        }
    }

    #[test]
    fn what_says_to_be_longer_than_it_need_be_is_read() {
        for length in 1..=8usize {
            let word = 7u64 << length | 1 << (length - 1);
            let bytes = &word.to_le_bytes()[..length];
            assert_eq!(take_number(&mut &bytes[..]), Some(7));
        }
        let mut bytes = [0; 9];
        bytes[1] = 7;
        assert_eq!(take_number(&mut &bytes[..]), Some(7));
        assert_eq!(take_number(&mut &[0; 8][..]), None);
        assert_eq!(take_number(&mut &[0xff; 1][..]), Some(0x7f));
    }
}
