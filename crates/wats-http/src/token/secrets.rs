//! What gives a credential away: not only the credential as it is sent, but whatever it is made of and all that a
//! server makes of it when it tells what it got.
//!
//! A token is `user:password` in base64, so the secret in it has other texts: unpadded, in the alphabet of URLs, decoded,
//! the password alone, any of these in hexadecimal or in base64 once more. [`Secrets`] has them all, finds each of them
//! [however its characters are spelled](super::spelling), and puts [`REDACTED`] in its place.
//!
//! A password is looked for by itself from [`SHORTEST`] characters on, and below [`LONG`] only as a whole word: what is
//! shorter stands in common words, and to take it out of them would tell what it is.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::REDACTED;
use super::spelling::{self, Needle};

/// From so many characters on a part of a token is looked for by itself.
const SHORTEST: usize = 5;

/// From so many characters on it is looked for within words, too.
const LONG: usize = 8;

/// How many tokens are remembered.
const REMEMBERED: usize = 16;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The credentials that no text may show.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// One list for each credential: those that stay, then tokens, the latest last.
    all: Vec<Vec<Needle>>,
    /// How many stay.
    lasting: usize,
}

impl Secrets {
    /// Adds a token, or what follows the scheme in a header. The oldest of many is forgotten.
    pub(crate) fn add(&mut self, credential: &str) {
        if credential.is_empty() {
            return;
        }
        if self.all.len() - self.lasting == REMEMBERED {
            self.all.remove(self.lasting);
        }
        self.all.push(needles(credential));
    }

    /// Adds user name and password of a proxy, which stay as long as the client.
    pub(crate) fn add_lasting(&mut self, user: &str, password: &str) {
        let credential = STANDARD.encode(format!("{user}:{password}"));
        self.all.insert(self.lasting, needles(&credential));
        self.lasting += 1;
    }

    /// Adds a text that is secret as it is.
    pub(crate) fn add_part(&mut self, text: &str) {
        let mut needles = Vec::new();
        part(text, &mut needles);
        self.all.push(needles);
    }

    /// Removes them from text that came from outside.
    pub(crate) fn redact(&self, text: String) -> String {
        let Some(mut found) = spelling::find(&text, &self.all, 0) else {
            return text;
        };
        let mut redacted = String::with_capacity(text.len());
        let mut rest = 0;
        loop {
            redacted.push_str(&text[rest..found.start]);
            redacted.push_str(REDACTED);
            rest = found.end;
            match spelling::find(&text, &self.all, rest) {
                Some(next) => found = next,
                None => break,
            }
        }
        redacted.push_str(&text[rest..]);
        redacted
    }

    /// The same for the start of a longer text: one that was cut through is removed too.
    pub(crate) fn redact_cut(&self, text: String) -> String {
        let mut text = self.redact(text);
        if let Some(cut) = spelling::find_cut(&text, &self.all) {
            text.truncate(cut);
        }
        text
    }

    /// The same for at most `most` bytes of a text, so that a long one costs no more than what is kept of it.
    pub(crate) fn redact_start(&self, mut text: String, most: usize) -> String {
        if text.len() <= most {
            return self.redact(text);
        }
        text.truncate(floor_char_boundary(&text, most));
        self.redact_cut(text)
    }

    pub(crate) fn are_in(&self, text: &str) -> bool {
        spelling::find(text, &self.all, 0).is_some()
    }
}

fn floor_char_boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}

fn needles(credential: &str) -> Vec<Needle> {
    let mut needles = Vec::new();
    // Padding is taken along where it stands.
    let bare = match credential.trim_end_matches('=') {
        "" => credential,
        bare => bare,
    };
    needles.push(Needle::new(bare, false));
    let swapped: String = bare.chars().map(other_alphabet).collect();
    if swapped != bare {
        needles.push(Needle::new(&swapped, false));
    }
    further(bare.as_bytes(), &mut needles);
    let Ok(decoded) = STANDARD.decode(bare).or_else(|_| URL.decode(bare)) else {
        return needles;
    };
    further(&decoded, &mut needles);
    // What is not UTF-8 is Latin-1 on servers that take it for text.
    let text = String::from_utf8(decoded.clone())
        .unwrap_or_else(|_| decoded.iter().copied().map(char::from).collect());
    if text.contains(char::is_control) {
        return needles;
    }
    part(&text, &mut needles);
    if let Some((_, password)) = text.split_once(':') {
        part(password, &mut needles);
        let bytes = decoded.split(|byte| *byte == b':').next();
        let user = bytes.map_or(0, |user| user.len() + 1);
        further(&decoded[user.min(decoded.len())..], &mut needles);
    }
    needles
}

/// A part of a credential as it is.
fn part(text: &str, needles: &mut Vec<Needle>) {
    let characters = text.chars().count();
    if characters >= SHORTEST {
        needles.push(Needle::new(text, characters < LONG));
    }
}

/// Bytes of a credential in hexadecimal and in base64, where they may stand behind other ones.
fn further(bytes: &[u8], needles: &mut Vec<Needle>) {
    if bytes.len() < SHORTEST {
        return;
    }
    needles.push(Needle::hex(bytes));
    for before in 0..3_usize {
        let longer = [&[0; 2][..before], bytes].concat();
        let encoded = STANDARD.encode(&longer);
        // The characters that depend on these bytes alone.
        let own = (before * 8).div_ceil(6)..longer.len() * 8 / 6;
        let Some(own) = encoded.get(own).filter(|own| own.len() >= LONG) else {
            continue;
        };
        needles.push(Needle::new(own, false));
        let swapped: String = own.chars().map(other_alphabet).collect();
        if swapped != own {
            needles.push(Needle::new(&swapped, false));
        }
    }
}

/// From the standard alphabet of base64 to that of URLs, and back.
fn other_alphabet(c: char) -> char {
    match c {
        '+' => '-',
        '/' => '_',
        '-' => '+',
        '_' => '/',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(login: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add(&base64::engine::general_purpose::STANDARD.encode(login));
        secrets
    }

    fn hex(bytes: &[u8], between: &str) -> String {
        let pairs: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        pairs.join(between)
    }

    #[test]
    fn all_that_a_token_is_made_of_is_found() {
        let secrets = of("station:s3cret-w0rd!");
        for told in [
            "no such login: station:s3cret-w0rd!",
            "bad token c3RhdGlvbjpzM2NyZXQtdzByZCE",
            "bad token c3RhdGlvbjpzM2NyZXQtdzByZCE=",
            "wrong password s3cret-w0rd!",
            "https://station:s3cret-w0rd%21@host/",
            "{\"password\":\"s3cret\\u002dw0rd!\"}",
            "s3cret&#45;w0rd&excl;",
            "73:33:63:72:65:74:2d:77:30:72:64:21",
            "73-33-63-72-65-74-2D-77-30-72-64-21",
            "0x7333637265742D7730726421",
        ] {
            let shown = secrets.redact(told.to_owned());
            assert!(shown.contains(REDACTED), "{told}: {shown}");
            assert!(!shown.contains("w0rd"), "{told}: {shown}");
        }
    }

    #[test]
    fn what_is_short_or_common_makes_no_nonsense() {
        for (login, told) in [
            ("user:pass", "the unit passed; Password and passport"),
            ("a:b", "data:b of a:c"),
            ("station:unit7", "the units of unit77, subunit7"),
            ("u:1234", "error 1234 at line 12345"),
        ] {
            assert_eq!(of(login).redact(told.to_owned()), told);
        }
        assert_eq!(
            of("u:unit7").redact("no unit7, (unit7)".to_owned()),
            format!("no {REDACTED}, ({REDACTED})")
        );
    }

    #[test]
    fn a_password_in_any_script_is_found_however_it_is_spelled() {
        let secrets = of("bruker:pæss wörd😀x");
        for told in [
            "pæss wörd😀x",
            "p%C3%A6ss%20w%c3%b6rd%F0%9F%98%80x",
            "p%C3%A6ss+w%C3%B6rd%F0%9F%98%80x",
            r"p\u00e6ss w\u00f6rd\ud83d\ude00x",
            "p&#230;ss w&#xf6;rd&#128512;x",
        ] {
            assert_eq!(secrets.redact(told.to_owned()), REDACTED, "{told}");
        }
        // A server that reads the bytes as Latin-1.
        let mut latin = Secrets::default();
        latin.add(&STANDARD.encode(b"user:g\xe9heim-\xfc"));
        assert_eq!(latin.redact("géheim-ü".to_owned()), REDACTED);
        assert_eq!(latin.redact("g%E9heim-%FC".to_owned()), REDACTED);
    }

    #[test]
    fn a_long_text_is_cut_before_it_is_searched() {
        let secrets = of("station:s3cret-w0rd!");
        let long = format!("{}s3cret-w0rd!{}", "x".repeat(90), "y".repeat(1000));
        let shown = secrets.redact_start(long, 96);
        assert_eq!(shown, "x".repeat(90));
    }

    #[test]
    fn earlier_credentials_are_remembered_up_to_a_bound() {
        let mut secrets = Secrets::default();
        for n in 0..100 {
            secrets.add(&STANDARD.encode(format!("station:secret-{n:03}")));
        }
        assert!(secrets.are_in("secret-099") && secrets.are_in("secret-090"));
        assert_eq!(secrets.all.len(), REMEMBERED);
    }

    proptest! {
        #[test]
        fn no_text_made_of_a_login_shows_it(
            user in "[a-zA-Z0-9]{1,8}",
            password in "[a-zA-Z0-9!#-/<>@_~äß€]{8,24}",
            before in "[a-z \"<]{0,9}",
            spelling in 0_u8..12,
            shift in 0_usize..3,
        ) {
            let login = format!("{user}:{password}");
            let secrets = of(&login);
            let token = base64::engine::general_purpose::STANDARD.encode(&login);
            let shifted = [&b"xyz"[..shift], login.as_bytes()].concat();
            let percent = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let told = match spelling {
                0 => login.clone(),
                1 => password.clone(),
                2 => token.trim_end_matches('=').to_owned(),
                3 => percent(&token),
                4 => percent(&percent(&password)),
                5 => hex(login.as_bytes(), ""),
                6 => hex(password.as_bytes(), "-").to_ascii_uppercase(),
                7 => URL.encode(&login),
                8 => STANDARD.encode(&token),
                9 => serde_json::to_string(&serde_json::to_string(&password).unwrap()).unwrap(),
                10 => {
                    let entities: Vec<_> = password.chars().map(|c| format!("&#{};", c as u32)).collect();
                    entities.concat()
                }
                _ => STANDARD.encode(&shifted),
            };
            let text = format!("{before} {told} .");
            let shown = secrets.redact(text.clone());
            prop_assert!(shown.contains(REDACTED), "{}: {}", text, shown);
            prop_assert!(!shown.contains(&password) && !shown.contains(&told), "{}: {}", text, shown);
            // Cut anywhere, nothing but a beginning of a few characters is left.
            let cut = floor_char_boundary(&text, before.len() + 1 + told.len() / 2);
            let start = secrets.redact_cut(text[..cut].to_owned());
            prop_assert!(start.len() <= before.len() + 1 + 4, "{}: {}", &text[..cut], start);
        }

        #[test]
        fn nothing_panics(credential in "\\PC{1,40}", text in "\\PC{0,60}") {
            let mut secrets = Secrets::default();
            secrets.add(&credential);
            let _ = secrets.redact_cut(text);
        }
    }
}
