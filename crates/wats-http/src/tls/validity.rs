//! Until when a certificate is valid and who issued it: what of it is read here and not judged.

use std::time::{Duration, SystemTime};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const T61_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
/// The attributes 2.5.4.3 and 2.5.4.10 of a name.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANISATION: &[u8] = &[0x55, 4, 10];

/// The end of the validity of a certificate as DER (RFC 5280, section 4.1); `None` when it cannot be read.
pub(crate) fn not_after(der: &[u8]) -> Option<SystemTime> {
    let (_, _, rest) = element(from_issuer(der)?)?;
    let (validity, _) = inner(rest, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (kind, time, _) = element(rest)?;
    moment(kind, time)
}

/// The name of the authority that issued a certificate as DER: its common name, else its organisation.
pub(crate) fn issuer(der: &[u8]) -> Option<String> {
    let (mut names, _) = inner(from_issuer(der)?, SEQUENCE)?;
    let mut organisation = None;
    while let Some((_, set, rest)) = element(names) {
        names = rest;
        let Some((attribute, _)) = inner(set, SEQUENCE) else {
            continue;
        };
        let (_, kind, rest) = element(attribute)?;
        let (form, text, _) = element(rest)?;
        // Others are of two or four bytes a character.
        if !matches!(
            form,
            UTF8_STRING | PRINTABLE_STRING | IA5_STRING | T61_STRING
        ) {
            continue;
        }
        let text = String::from_utf8_lossy(text).into_owned();
        match kind {
            COMMON_NAME => return Some(text),
            ORGANISATION => organisation = Some(text),
            _ => {}
        }
    }
    organisation
}

/// A certificate from its issuer on.
fn from_issuer(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = inner(der, SEQUENCE)?;
    let (to_be_signed, _) = inner(certificate, SEQUENCE)?;
    let mut rest = to_be_signed;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm.
    for _ in 0..2 {
        rest = element(rest)?.2;
    }
    Some(rest)
}

fn inner(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == kind).then_some((content, rest))
}

/// Kind, content and what comes behind.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            let length = bytes
                .iter()
                .fold(0, |all, byte| all << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*kind, content, rest))
}

fn moment(kind: u8, text: &[u8]) -> Option<SystemTime> {
    let text = text.strip_suffix(b"Z")?;
    let (year, text) = match kind {
        UTC_TIME => {
            let (year, text) = text.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text)
        }
        GENERALIZED_TIME => {
            let (year, text) = text.split_at_checked(4)?;
            (number(year)?, text)
        }
        _ => return None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    let ([month, day, hour, minute, second], []) = (pairs, rest) else {
        return None;
    };
    let [month, day, hour, minute, second] =
        [month, day, hour, minute, second].map(|pair| number(pair));
    let (month, day) = (month?, day?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    // Days since 1970, of years that begin in March.
    let (years, months) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day;
    let days = days.checked_sub(719_469)?;
    let seconds = days * 86_400 + hour? * 3_600 + minute? * 60 + second?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn number(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(kind: u8, text: &str) -> Option<u64> {
        let time = moment(kind, text.as_bytes())?;
        Some(
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs(),
        )
    }

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2031, 2, 28);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let end = not_after(certificate.der()).unwrap();
        let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(end.as_secs(), 1_930_003_200);
        let name = issuer(certificate.der());
        assert_eq!(name.as_deref(), Some("rcgen self signed cert"));
        for cut in 0..certificate.der().len() {
            // Nothing panics, and nothing is made up.
            let found = not_after(&certificate.der()[..cut]);
            assert!(found.is_none(), "{cut}");
            assert!(issuer(&certificate.der()[..cut]).is_none(), "{cut}");
        }
    }

    #[test]
    fn an_organisation_stands_for_a_name() {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let organisation = rcgen::DnType::OrganizationName;
        params.distinguished_name.push(organisation, "Gr\u{fc}n AS");
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        assert_eq!(issuer(certificate.der()).as_deref(), Some("Gr\u{fc}n AS"));
    }

    #[test]
    fn times_are_of_both_forms() {
        assert_eq!(seconds(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(seconds(UTC_TIME, "240229235959Z"), Some(1_709_251_199));
        assert_eq!(
            seconds(GENERALIZED_TIME, "20500301000000Z"),
            Some(2_529_705_600)
        );
        for odd in [
            "240229235959",
            "2402292359Z",
            "241329235959Z",
            "24022923595+Z",
            "Z",
        ] {
            assert_eq!(seconds(UTC_TIME, odd), None, "{odd}");
        }
        assert_eq!(seconds(0x13, "700101000000Z"), None);
    }
}
