//! The records of STDF V4, as far as reports are made of them.
//!
//! A record is a length, a type, a subtype and fields one after another; those at the end may be missing. Texts have
//! their length before them, numbers the byte order that the first record tells.

use std::collections::HashMap;

/// The bytes of a record, field by field. What is missing is zero or empty, as STDF has it.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

impl<'a> Fields<'a> {
    /// Whether there is nothing more.
    pub(super) fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let Some((field, rest)) = self.bytes.split_first_chunk::<N>() else {
            self.bytes = &[];
            return None;
        };
        self.bytes = rest;
        let mut field = *field;
        if !self.is_big {
            field.reverse();
        }
        Some(field)
    }

    /// `U1`, `B1` or `C1`.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    /// `U2`.
    pub(super) fn short(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    /// `U4`.
    pub(super) fn long(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    /// `R4`, as the decimal number of as few digits as tell it apart.
    pub(super) fn real(&mut self) -> Option<f64> {
        let real = self.take().map(f32::from_be_bytes)?;
        Some(real.to_string().parse().unwrap_or_else(|_| real.into()))
    }

    /// `Cn`: a text with its length before it, of one byte a character.
    pub(super) fn text(&mut self) -> String {
        let length = self.byte().unwrap_or_default().into();
        let text = self.skip(length);
        let text: String = text.iter().copied().map(char::from).collect();
        text.trim().to_owned()
    }

    /// Passes over bytes, which it gives.
    pub(super) fn skip(&mut self, count: usize) -> &'a [u8] {
        let (field, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        field
    }
}

/// Type and subtype of a record, and its fields.
pub(super) type Record<'a> = ((u8, u8), Fields<'a>);

/// The records of a file with their type and subtype.
#[derive(Debug)]
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    /// Where the next one is.
    at: usize,
    is_big: bool,
}

impl<'a> Records<'a> {
    /// Looks at the first record, which tells byte order and version.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let [first, second, 0, 10, cpu, version, ..] = bytes else {
            return Err(match bytes {
                [0x1f, 0x8b, ..] | [b'B', b'Z', ..] => "it is compressed; unpack it first",
                _ => "it does not begin with the record FAR",
            }
            .to_owned());
        };
        let is_big = match ([*first, *second], cpu) {
            ([0, 2], 1 | 0) => true,
            ([2, 0], 2 | 0) => false,
            _ => return Err(format!("its byte order is unknown (CPU type {cpu})")),
        };
        if *version != 4 {
            return Err(format!("it is of version {version}, where 4 is known"));
        }
        Ok(Self {
            bytes,
            at: 6,
            is_big,
        })
    }

    /// The bytes up to the end of the record that was given last.
    pub(super) fn so_far(&self) -> &'a [u8] {
        self.bytes.get(..self.at).unwrap_or_default()
    }

    /// The next record: type, subtype and fields.
    pub(super) fn next(&mut self) -> Result<Option<Record<'a>>, String> {
        let at = self.at;
        let rest = self.bytes.get(at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let fields = |bytes| Fields {
            bytes,
            is_big: self.is_big,
        };
        let mut header = fields(rest);
        let (Some(length), Some(kind), Some(sub)) = (header.short(), header.byte(), header.byte())
        else {
            return Err(format!("it ends within the record at byte {at}"));
        };
        let length = usize::from(length);
        let inside = header.skip(length);
        if inside.len() < length {
            return Err(format!("it ends within the record at byte {at}"));
        }
        self.at = at + 4 + length;
        Ok(Some(((kind, sub), fields(inside))))
    }
}

/// What the file says of all parts (MIR).
#[derive(Debug, Default)]
pub(super) struct Lot {
    pub(super) start: u32,
    pub(super) station_number: u8,
    pub(super) id: String,
    pub(super) part_type: String,
    pub(super) node: String,
    pub(super) job: String,
    pub(super) job_revision: String,
    pub(super) sublot: String,
    pub(super) operator: String,
    pub(super) temperature: String,
}

/// What the file says of handler and cards (SDR).
#[derive(Debug, Default)]
pub(super) struct Stations {
    pub(super) card: String,
    pub(super) load_board: String,
}

/// What a record says of a limit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Limit {
    /// Nothing: it is that of the first record of the test.
    #[default]
    Unsaid,
    /// There is none.
    Without,
    /// It is this.
    Is(f64),
}

impl Limit {
    /// The limit, where nothing said is this one.
    pub(super) fn or(self, first: Option<f64>) -> Option<f64> {
        match self {
            Self::Unsaid => first,
            Self::Without => None,
            Self::Is(limit) => Some(limit),
        }
    }
}

/// What a record says of its test; what is empty is not said.
#[derive(Default)]
pub(super) struct Partial {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) low: Limit,
    pub(super) high: Limit,
}

/// The end of PTR, and of MPR, which has more before the unit.
pub(super) fn parametric(mut fields: Fields<'_>, pins: Option<usize>) -> Partial {
    let name = fields.text();
    let _alarm = fields.text();
    if fields.is_over() {
        return Partial {
            name,
            ..Partial::default()
        };
    }
    let options = fields.byte().unwrap_or_default();
    fields.skip(3);
    let limit = |value: Option<f64>, default: u8, none: u8| match value {
        Some(_) if options & (1 << none) != 0 => Limit::Without,
        Some(value) if options & (1 << default) == 0 => Limit::Is(value),
        _ => Limit::Unsaid,
    };
    let low = limit(fields.real(), 4, 6);
    let high = limit(fields.real(), 5, 7);
    if let Some(pins) = pins {
        // START_IN, INCR_IN and the index of each pin.
        fields.skip(8 + pins * 2);
    }
    let unit = fields.text();
    Partial {
        name,
        unit,
        low,
        high,
    }
}

/// The name of a functional test, behind its pins.
pub(super) fn functional(mut fields: Fields<'_>) -> Partial {
    // OPT_FLAG, counts and addresses, VECT_OFF.
    fields.skip(1 + 4 * 6 + 2);
    let pins = usize::from(fields.short().unwrap_or_default());
    let programmed = usize::from(fields.short().unwrap_or_default());
    for count in [pins, programmed] {
        fields.skip(count * 2);
        fields.skip(count.div_ceil(2));
    }
    let failing = usize::from(fields.short().unwrap_or_default());
    fields.skip(failing.div_ceil(8));
    let _vector = fields.text();
    let _time_set = fields.text();
    let _operation = fields.text();
    Partial {
        name: fields.text(),
        ..Partial::default()
    }
}

/// MIR.
pub(super) fn lot(mut fields: Fields<'_>) -> Lot {
    let _setup = fields.long();
    let start = fields.long().unwrap_or_default();
    let station_number = fields.byte().unwrap_or_default();
    // MODE_COD, RTST_COD, PROT_COD, BURN_TIM, CMOD_COD.
    fields.skip(3 + 2 + 1);
    let id = fields.text();
    let part_type = fields.text();
    let node = fields.text();
    let _tester = fields.text();
    let job = fields.text();
    let job_revision = fields.text();
    let sublot = fields.text();
    let operator = fields.text();
    let _executive = fields.text();
    let _executive_version = fields.text();
    let _code = fields.text();
    let temperature = fields.text();
    Lot {
        start,
        station_number,
        id,
        part_type,
        node,
        job,
        job_revision,
        sublot,
        operator,
        temperature,
    }
}

/// SDR.
pub(super) fn stations(mut fields: Fields<'_>) -> Stations {
    fields.skip(2);
    let sites = fields.byte().unwrap_or_default();
    fields.skip(sites.into());
    // Types and ids of handler, probe card and load board.
    let mut texts = std::array::from_fn::<String, 6, _>(|_| fields.text());
    let [_, _, _, card, _, load_board] = &mut texts;
    Stations {
        card: std::mem::take(card),
        load_board: std::mem::take(load_board),
    }
}

/// TSR: the name of a test.
pub(super) fn summary(mut fields: Fields<'_>, names: &mut HashMap<u32, String>) {
    fields.skip(3);
    let number = fields.long().unwrap_or_default();
    fields.skip(12);
    let name = fields.text();
    if !name.is_empty() {
        names.entry(number).or_insert(name);
    }
}
