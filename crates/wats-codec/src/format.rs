//! The formats, their names and what HTTP calls them.

use std::fmt;

/// A wire format.
///
/// Names parse from text, in any case and with `-` or `_`; an unknown name gives an error that
/// lists the choices.
///
/// ```
/// use wats_codec::Format;
///
/// let format: Format = "msgpack".parse()?;
/// assert_eq!(format, Format::MessagePack);
/// assert_eq!(format.to_string(), "msgpack");
/// assert_eq!(format.content_type(), "application/vnd.msgpack");
///
/// let error = "yaml".parse::<Format>().unwrap_err();
/// assert!(error.to_string().contains("json-gzip"));
/// # Ok::<(), wats_codec::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Compact JSON.
    #[default]
    Json,
    /// JSON with line breaks and two-space indentation, for people.
    JsonPretty,
    /// MessagePack with structs as maps of names, so that any MessagePack reader understands it. Feature `msgpack`.
    #[cfg(feature = "msgpack")]
    MessagePack,
    /// Compact JSON in gzip (RFC 1952), feature `gzip`. Small documents stay uncompressed: see
    /// [`Serializer::compress_threshold`](crate::Serializer::compress_threshold).
    #[cfg(feature = "gzip")]
    JsonGzip,
    /// Compact JSON in Zstandard (RFC 8878), feature `zstd`: smaller than gzip at a fraction of the
    /// time. Small documents stay uncompressed, as with gzip.
    #[cfg(feature = "zstd")]
    JsonZstd,
    /// The compact form of this crate for stored reports: about a seventh of the JSON, without
    /// loss. Read by this crate only. Feature `archive`.
    #[cfg(feature = "archive")]
    Archive,
}

impl Format {
    /// Every format of this build, in the order tables show them.
    pub const ALL: &'static [Self] = &[
        Self::Json,
        Self::JsonPretty,
        #[cfg(feature = "msgpack")]
        Self::MessagePack,
        #[cfg(feature = "gzip")]
        Self::JsonGzip,
        #[cfg(feature = "zstd")]
        Self::JsonZstd,
        #[cfg(feature = "archive")]
        Self::Archive,
    ];

    /// Plain JSON, pretty or not.
    pub(crate) const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::JsonPretty)
    }

    /// MessagePack, where this build has it.
    pub(crate) const fn is_msgpack(self) -> bool {
        match self {
            #[cfg(feature = "msgpack")]
            Self::MessagePack => true,
            _ => false,
        }
    }

    /// The name that [`FromStr`](std::str::FromStr) reads and [`Display`](fmt::Display) writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonPretty => "json-pretty",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "msgpack",
            #[cfg(feature = "gzip")]
            Self::JsonGzip => "json-gzip",
            #[cfg(feature = "zstd")]
            Self::JsonZstd => "json-zstd",
            #[cfg(feature = "archive")]
            Self::Archive => "archive",
        }
    }

    /// The format of a name, in any case and with `-` or `_`.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase().replace('_', "-");
        let name = match name.as_str() {
            "messagepack" | "message-pack" => "msgpack",
            "pretty" => "json-pretty",
            "gzip" => "json-gzip",
            "zstd" => "json-zstd",
            other => other,
        };
        let mut all = Self::ALL.iter().copied();
        all.find(|format| format.name() == name)
    }

    /// The media type for `Content-Type`.
    ///
    /// `application/vnd.msgpack` is the name registered with IANA for MessagePack.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::JsonPretty => "application/json",
            #[cfg(feature = "gzip")]
            Self::JsonGzip => "application/json",
            #[cfg(feature = "zstd")]
            Self::JsonZstd => "application/json",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "application/vnd.msgpack",
            #[cfg(feature = "archive")]
            Self::Archive => "application/octet-stream",
        }
    }

    /// The value for `Content-Encoding` of a *compressed* document of this format.
    ///
    /// A document below the threshold is not compressed; use
    /// [`Serializer::encode`](crate::Serializer::encode) to learn what applies to given bytes.
    pub const fn content_encoding(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "gzip")]
            Self::JsonGzip => Some("gzip"),
            #[cfg(feature = "zstd")]
            Self::JsonZstd => Some("zstd"),
            _ => None,
        }
    }

    /// The usual file name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json | Self::JsonPretty => "json",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "msgpack",
            #[cfg(feature = "gzip")]
            Self::JsonGzip => "json.gz",
            #[cfg(feature = "zstd")]
            Self::JsonZstd => "json.zst",
            #[cfg(feature = "archive")]
            Self::Archive => "wats",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back() {
        for &format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
            let shouted = format.name().to_uppercase().replace('-', "_");
            assert_eq!(shouted.parse::<Format>().unwrap(), format);
        }
        #[cfg(feature = "msgpack")]
        assert_eq!(
            "MessagePack".parse::<Format>().unwrap(),
            Format::MessagePack
        );
    }

    #[test]
    fn an_unknown_name_lists_every_choice() {
        let message = "xml".parse::<Format>().unwrap_err().to_string();
        assert!(message.contains("`xml`"), "{message}");
        for format in Format::ALL {
            assert!(message.contains(format.name()), "{message}");
        }
    }

    #[test]
    fn a_hostile_name_is_shortened_in_the_message() {
        let message = "x"
            .repeat(10_000)
            .parse::<Format>()
            .unwrap_err()
            .to_string();
        assert!(message.len() < 200, "{}", message.len());
    }

    #[test]
    fn width_applies_to_display() {
        assert_eq!(format!("{:<8}|", Format::Json), "json    |");
    }
}
