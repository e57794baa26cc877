//! Numbers of any length: LEB128, seven bits a byte, the least significant first.

/// The bit that says that another byte follows, in each of eight bytes.
const MORE: u64 = 0x8080_8080_8080_8080;

#[inline]
pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    // Most take one byte or two.
    if number < 0x80 {
        return out.push(number as u8);
    }
    if number < 1 << 14 {
        return out.extend_from_slice(&[number as u8 | 0x80, (number >> 7) as u8]);
    }
    push_long_number(out, number);
}

#[inline(never)]
fn push_long_number(out: &mut Vec<u8>, mut number: u64) {
    if number < 1 << 56 {
        let bits = u64::BITS - number.leading_zeros();
        let length = bits.div_ceil(7);
        let more = MORE & ((1 << (8 * (length - 1))) - 1);
        let end = out.len() + length as usize;
        // Eight bytes are one store; those beyond the number go again.
        out.extend_from_slice(&(spread(number) | more).to_le_bytes());
        return out.truncate(end);
    }
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[inline]
pub(super) fn take_number(from: &mut &[u8]) -> Option<u64> {
    // Most take one byte.
    match *from {
        [byte @ 0..0x80, rest @ ..] => {
            *from = rest;
            Some(u64::from(*byte))
        }
        [low, high @ 0..0x80, rest @ ..] => {
            *from = rest;
            Some(u64::from(*low & 0x7f) | u64::from(*high) << 7)
        }
        _ => take_long_number(from),
    }
}

#[inline(never)]
fn take_long_number(from: &mut &[u8]) -> Option<u64> {
    let Some((word, _)) = from.split_first_chunk() else {
        return take_by_bytes(from);
    };
    let word = u64::from_le_bytes(*word);
    let ends = !word & MORE;
    if ends == 0 {
        return take_by_bytes(from);
    }
    let bits = ends.trailing_zeros() + 1;
    *from = from.get(bits as usize / 8..)?;
    Some(gather(word & (u64::MAX >> (u64::BITS - bits))))
}

fn take_by_bytes(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    let mut shift = 0;
    loop {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        let digits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && digits > 1 {
            return None;
        }
        number |= digits << shift;
        if *byte < 0x80 {
            return Some(number);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

/// Spreads 56 bits over eight bytes, seven to each.
const fn spread(number: u64) -> u64 {
    let halves = number & 0x0fff_ffff | (number & 0x00ff_ffff_f000_0000) << 4;
    let quarters = halves & 0x0000_3fff_0000_3fff | (halves & 0x0fff_c000_0fff_c000) << 2;
    quarters & 0x007f_007f_007f_007f | (quarters & 0x3f80_3f80_3f80_3f80) << 1
}

/// Undoes [`spread`]; the eighth bit of each byte does not count.
const fn gather(bytes: u64) -> u64 {
    let quarters = bytes & 0x007f_007f_007f_007f | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let halves = quarters & 0x0000_3fff_0000_3fff | (quarters & 0x3fff_0000_3fff_0000) >> 2;
    halves & 0x0fff_ffff | (halves & 0x0fff_ffff_0000_0000) >> 4
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
    fn plainly(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
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
    fn numbers_beyond_64_bits_are_refused() {
        assert_eq!(take_number(&mut &[0xff; 11][..]), None);
        assert_eq!(take_number(&mut &[0x80; 3][..]), None);
        let mut most = [0xff; 10];
        most[9] = 1;
        assert_eq!(take_number(&mut &most[..]), Some(u64::MAX));
        most[9] = 2;
        assert_eq!(take_number(&mut &most[..]), None);
    }
}
