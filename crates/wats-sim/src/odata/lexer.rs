//! Text to tokens.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{ODataError, Problem};

/// A token and where it begins, in characters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) position: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    Comma,
    Slash,
    Colon,
    /// A property, a function or a keyword.
    Name(String),
    Text(String),
    Number(f64),
    Time(Timestamp),
    Guid(Uuid),
    End,
}

impl TokenKind {
    /// For messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::Comma => "','".to_owned(),
            Self::Slash => "'/'".to_owned(),
            Self::Colon => "':'".to_owned(),
            Self::Name(name) => format!("'{name}'"),
            Self::Text(_) => "a text".to_owned(),
            Self::Number(_) => "a number".to_owned(),
            Self::Time(_) => "a date".to_owned(),
            Self::Guid(_) => "a guid".to_owned(),
            Self::End => "the end".to_owned(),
        }
    }
}

/// All tokens of the text; the last is always [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ODataError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let position = at;
        let kind = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => single(&mut at, TokenKind::Open),
            ')' => single(&mut at, TokenKind::Close),
            ',' => single(&mut at, TokenKind::Comma),
            '/' => single(&mut at, TokenKind::Slash),
            ':' => single(&mut at, TokenKind::Colon),
            '\'' => quoted(&chars, &mut at)?,
            c if is_word(c) => word(&chars, &mut at)?,
            other => return Err(Problem::Character(other).at(position)),
        };
        tokens.push(Token { kind, position });
    }
    tokens.push(Token {
        kind: TokenKind::End,
        position: at,
    });
    Ok(tokens)
}

fn single(at: &mut usize, kind: TokenKind) -> TokenKind {
    *at += 1;
    kind
}

/// A text between quotes; a doubled quote inside stands for one.
fn quoted(chars: &[char], at: &mut usize) -> Result<TokenKind, ODataError> {
    let start = *at;
    let mut text = String::new();
    *at += 1;
    loop {
        match (chars.get(*at), chars.get(*at + 1)) {
            (None, _) => return Err(Problem::OpenText.at(start)),
            (Some('\''), Some('\'')) => {
                text.push('\'');
                *at += 2;
            }
            (Some('\''), _) => {
                *at += 1;
                return Ok(TokenKind::Text(text));
            }
            (Some(&c), _) => {
                text.push(c);
                *at += 1;
            }
        }
    }
}

/// What a word is made of: enough for names, numbers, dates with offset, and guids.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ':' | '+' | '-')
}

fn word(chars: &[char], at: &mut usize) -> Result<TokenKind, ODataError> {
    let start = *at;
    let length = chars
        .iter()
        .skip(start)
        .take_while(|c| is_word(**c))
        .count();
    let text: String = chars.iter().skip(start).take(length).collect();
    // The variable of an `any` ends at its colon; times, which hold colons too, begin with a digit.
    if let Some((name, _)) = text.split_once(':')
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && let Some(TokenKind::Name(name)) = classify(name)
    {
        *at += name.chars().count();
        return Ok(TokenKind::Name(name));
    }
    *at += length;
    classify(&text).ok_or_else(|| Problem::Word(text).at(start))
}

fn classify(text: &str) -> Option<TokenKind> {
    let is_guid_shaped = text.len() == 36 && text.bytes().filter(|b| *b == b'-').count() == 4;
    if is_guid_shaped && let Ok(guid) = Uuid::try_parse(text) {
        return Some(TokenKind::Guid(guid));
    }
    let first = text.chars().next()?;
    if first.is_alphabetic() || first == '_' {
        let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
        return is_name.then(|| TokenKind::Name(text.to_owned()));
    }
    if let Some(time) = parse_time(text) {
        return Some(TokenKind::Time(time));
    }
    // `parse` would take "inf" and "nan" too, but those begin with a letter or sign and letter.
    let digits_only = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    let number: f64 = digits_only.then(|| text.parse().ok()).flatten()?;
    number.is_finite().then_some(TokenKind::Number(number))
}

/// A date and time as the server reads it: with an offset or `Z`, else taken as UTC; a date alone is
/// its midnight.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    if text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let naive = match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => date.to_datetime(jiff::civil::Time::midnight()),
        _ => text.parse::<DateTime>().ok()?,
    };
    TimeZone::UTC.to_timestamp(naive).ok()
}
