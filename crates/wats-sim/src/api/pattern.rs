//! Texts with wildcards.
//!
//! [`Patterns`] are those of a filter, several separated by `;`: `*` and `%` stand for any text, `?` and `_` for any character, `[a-c]` for one of some, `[^a-c]` for one that is none of
//! them; `!` before a text excludes what fits it. Case does not count. For [`fits`] only
//! `%` stands for any text, and case counts.

/// What a text must look like.
#[derive(Debug)]
pub(crate) struct Patterns {
    wanted: Vec<Pattern>,
    unwanted: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern(Vec<Token>);

#[derive(Debug)]
enum Token {
    One(char),
    AnyOne,
    AnyText,
    /// One of these ranges, or none of them.
    Of(Vec<(char, char)>, bool),
}

/// Whether a text fits a pattern, in which `%` stands for any text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let token = |c| match c {
        '%' => Token::AnyText,
        other => Token::One(other),
    };
    let text: Vec<char> = text.chars().collect();
    Pattern(pattern.chars().map(token).collect()).fits(&text)
}

impl Patterns {
    /// `None` for a text without any value.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut patterns = Self {
            wanted: Vec::new(),
            unwanted: Vec::new(),
        };
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match part.strip_prefix('!') {
                Some(rest) => patterns.unwanted.push(Pattern::parse(rest)),
                None => patterns.wanted.push(Pattern::parse(part)),
            }
        }
        let some = !patterns.wanted.is_empty() || !patterns.unwanted.is_empty();
        some.then_some(patterns)
    }

    pub(crate) fn fit(&self, text: &str) -> bool {
        self.fit_any(std::iter::once(text))
    }

    /// Whether one of several texts is wanted and none excluded.
    pub(crate) fn fit_any<'a>(&self, texts: impl Iterator<Item = &'a str>) -> bool {
        let mut wanted = self.wanted.is_empty();
        for text in texts {
            let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
            if self.unwanted.iter().any(|pattern| pattern.fits(&text)) {
                return false;
            }
            wanted |= self.wanted.iter().any(|pattern| pattern.fits(&text));
        }
        wanted
    }
}

impl Pattern {
    fn parse(text: &str) -> Self {
        let chars: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let mut tokens = Vec::new();
        let mut rest = chars.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            tokens.push(match first {
                '*' | '%' => Token::AnyText,
                '?' | '_' => Token::AnyOne,
                '[' => match after.iter().position(|c| *c == ']') {
                    Some(end) => {
                        let (inside, outside) = after.split_at(end);
                        rest = outside.get(1..).unwrap_or_default();
                        set(inside)
                    }
                    None => Token::One('['),
                },
                other => Token::One(*other),
            });
        }
        Self(tokens)
    }

    /// Tries each place for the last `*` only, so the work is at most the product of the lengths.
    fn fits(&self, text: &[char]) -> bool {
        let (mut at, mut token) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(token), text.get(at)) {
                (None, None) => return true,
                (Some(Token::AnyText), _) => {
                    star = Some((token + 1, at));
                    token += 1;
                    continue;
                }
                (Some(one), Some(c)) if one.fits(*c) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            match &mut star {
                Some((after, from)) if *from < text.len() => {
                    *from += 1;
                    (token, at) = (*after, *from);
                }
                _ => return false,
            }
        }
    }
}

fn set(inside: &[char]) -> Token {
    let (inside, negated) = match inside {
        ['^', rest @ ..] => (rest, true),
        all => (all, false),
    };
    let mut ranges = Vec::new();
    let mut rest = inside;
    loop {
        match rest {
            [from, '-', to, after @ ..] => {
                ranges.push((*from, *to));
                rest = after;
            }
            [one, after @ ..] => {
                ranges.push((*one, *one));
                rest = after;
            }
            [] => return Token::Of(ranges, negated),
        }
    }
}

impl Token {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::One(one) => *one == c,
            Self::AnyOne => true,
            Self::AnyText => false,
            Self::Of(ranges, negated) => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, fit, unfit) in [
            ("abc", "ABC", "abcd"),
            ("a*c;x", "abbc", "abbcd"),
            ("a%c;x", "X", "y"),
            ("*b*b*", "abab", "aba"),
            ("a?c", "axc", "ac"),
            ("a_c", "axc", "axxc"),
            ("a[b-d]", "ac", "ae"),
            ("a[^b-d]", "ae", "ac"),
            ("a[bx]", "ax", "ay"),
            ("!a*", "b", "ab"),
            ("a*;!ab", "ac", "ab"),
            ("[", "[", "a"),
        ] {
            let patterns = Patterns::parse(pattern).unwrap();
            assert!(patterns.fit(fit), "{pattern} {fit}");
            assert!(!patterns.fit(unfit), "{pattern} {unfit}");
        }
        assert!(Patterns::parse(" ; ").is_none());
    }

    #[test]
    fn many_stars_do_not_multiply() {
        let patterns = Patterns::parse(&format!("{}b", "a*".repeat(200))).unwrap();
        assert!(!patterns.fit(&"a".repeat(2000)));
    }
}
