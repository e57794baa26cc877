//! One content coding, undone step by step: so much input in, so much output out, and no buffer of its own that grows.

use std::error::Error as StdError;

use flate2::{Decompress, FlushDecompress, Status};

type Failure = Box<dyn StdError + Send + Sync>;

/// The largest zstd window a peer may ask for: 8 MiB, as RFC 9659 says for this use.
#[cfg(feature = "zstd")]
const ZSTD_WINDOW_LOG: u32 = 23;

/// A content coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    #[cfg(feature = "brotli")]
    Brotli,
    #[cfg(feature = "zstd")]
    Zstd,
}

/// What can be undone, as the client tells servers; the best for JSON first.
pub(crate) const ACCEPTED: &str = match (cfg!(feature = "zstd"), cfg!(feature = "brotli")) {
    (true, true) => "zstd, br, gzip, deflate",
    (true, false) => "zstd, gzip, deflate",
    (false, true) => "br, gzip, deflate",
    (false, false) => "gzip, deflate",
};

impl Coding {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            #[cfg(feature = "brotli")]
            "br" => Some(Self::Brotli),
            #[cfg(feature = "zstd")]
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            #[cfg(feature = "brotli")]
            Self::Brotli => "br",
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
        }
    }
}

/// How far one step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) consumed: usize,
    pub(super) produced: usize,
}

/// The state of undoing one coding.
pub(super) struct Undo {
    machine: Machine,
    /// The data may end here: a member, frame or stream is complete.
    complete: bool,
    members: Members,
}

/// Counts the members of gzip data. Setting up for each costs far more than its twenty bytes, so there may be some free
/// of charge, and as many more as the data they hold pays for; tools that write many put tens of kilobytes into each.
#[derive(Default)]
struct Members {
    ended: usize,
    produced: usize,
}

impl Members {
    const FREE: usize = 1024;
    const PRICE: usize = 1 << 10;

    fn next(&mut self) -> Result<(), Failure> {
        self.ended += 1;
        if self.ended > Self::FREE + self.produced / Self::PRICE {
            return Err(
                format!("it has {} members with next to nothing in them", self.ended).into(),
            );
        }
        Ok(())
    }
}

enum Machine {
    Gzip(Decompress),
    /// Zlib's format, as the standard says, or bare deflate data, as some servers send: the first byte tells.
    Deflate(Option<Decompress>),
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli::State>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::raw::Decoder<'static>),
}

impl Undo {
    #[cfg_attr(
        not(feature = "zstd"),
        allow(
            clippy::unnecessary_wraps,
            reason = "only setting up Zstandard can fail"
        )
    )]
    pub(super) fn new(coding: Coding) -> Result<Self, Failure> {
        let machine = match coding {
            Coding::Gzip => Machine::Gzip(Decompress::new_gzip(15)),
            Coding::Deflate => Machine::Deflate(None),
            #[cfg(feature = "brotli")]
            Coding::Brotli => Machine::Brotli(brotli::new()),
            #[cfg(feature = "zstd")]
            Coding::Zstd => {
                let mut decoder = zstd::stream::raw::Decoder::new()?;
                decoder
                    .set_parameter(zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                Machine::Zstd(decoder)
            }
        };
        Ok(Self {
            machine,
            complete: false,
            members: Members::default(),
        })
    }

    /// Whether the data may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Undoes as much of `input` as fits into `output`. With room left in `output`, nothing is held back.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Failure> {
        match &mut self.machine {
            Machine::Gzip(machine) => {
                if self.complete {
                    if input.is_empty() {
                        return Ok(Step::NONE);
                    }
                    // Members may follow one another (RFC 1952, section 2.2).
                    self.members.next()?;
                    *machine = Decompress::new_gzip(15);
                    self.complete = false;
                }
                let step = inflate(machine, input, output, &mut self.complete)?;
                self.members.produced += step.produced;
                Ok(step)
            }
            Machine::Deflate(machine) => {
                if self.complete {
                    return nothing_may_follow(input);
                }
                let Some(first) = input.first() else {
                    return match machine {
                        Some(machine) => inflate(machine, input, output, &mut self.complete),
                        None => Ok(Step::NONE),
                    };
                };
                let machine = machine.get_or_insert_with(|| Decompress::new(first & 0x0f == 8));
                inflate(machine, input, output, &mut self.complete)
            }
            #[cfg(feature = "brotli")]
            Machine::Brotli(state) => {
                if self.complete {
                    return nothing_may_follow(input);
                }
                brotli::step(state, input, output, &mut self.complete)
            }
            #[cfg(feature = "zstd")]
            Machine::Zstd(decoder) => {
                use zstd::stream::raw::{InBuffer, Operation, OutBuffer};
                if self.complete && input.is_empty() {
                    return Ok(Step::NONE);
                }
                let mut source = InBuffer::around(input);
                let mut sink = OutBuffer::around(output);
                let wanted = decoder.run(&mut source, &mut sink)?;
                let step = Step {
                    consumed: source.pos(),
                    produced: sink.pos(),
                };
                self.complete = wanted == 0;
                Ok(step)
            }
        }
    }
}

impl Step {
    const NONE: Self = Self {
        consumed: 0,
        produced: 0,
    };
}

fn nothing_may_follow(input: &[u8]) -> Result<Step, Failure> {
    if input.is_empty() {
        Ok(Step::NONE)
    } else {
        Err("there is data after the end".into())
    }
}

fn inflate(
    machine: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
    complete: &mut bool,
) -> Result<Step, Failure> {
    let before = (machine.total_in(), machine.total_out());
    let status = machine.decompress(input, output, FlushDecompress::None)?;
    *complete = status == Status::StreamEnd;
    Ok(Step {
        consumed: (machine.total_in() - before.0) as usize,
        produced: (machine.total_out() - before.1) as usize,
    })
}

#[cfg(feature = "brotli")]
mod brotli {
    //! The stream interface of `brotli-decompressor`, which speaks in offsets.

    use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

    use super::{Failure, Step};

    pub(super) type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

    pub(super) fn new() -> Box<State> {
        let alloc = StandardAlloc::default;
        Box::new(BrotliState::new(alloc(), alloc(), alloc()))
    }

    pub(super) fn step(
        state: &mut State,
        input: &[u8],
        output: &mut [u8],
        complete: &mut bool,
    ) -> Result<Step, Failure> {
        let (mut left, mut consumed) = (input.len(), 0);
        let (mut room, mut produced, mut total) = (output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut consumed,
            input,
            &mut room,
            &mut produced,
            output,
            &mut total,
            state,
        );
        match result {
            BrotliResult::ResultFailure => return Err("not brotli data".into()),
            BrotliResult::ResultSuccess => *complete = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        Ok(Step { consumed, produced })
    }
}
