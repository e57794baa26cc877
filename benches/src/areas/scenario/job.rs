//! What is done: the jobs, and what each of them needs.

use super::Done;
use crate::Result;

/// Id of a report that the server has beforehand.
pub(super) fn seeded_id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Products100,
    Reports1000,
    FullReports1000,
    ProcessesSecondCall,
    Submit100,
    Transfer10Mb,
    TransferText10Mb,
    Concurrent100,
}

impl Job {
    pub(super) const ALL: [Self; 8] = [
        Self::Products100,
        Self::Reports1000,
        Self::FullReports1000,
        Self::ProcessesSecondCall,
        Self::Submit100,
        Self::Transfer10Mb,
        Self::TransferText10Mb,
        Self::Concurrent100,
    ];

    /// A report with so many numeric steps has about 10 MB.
    pub(super) const STEPS_OF_10_MB: usize = 55_000;

    /// Of the whole reports, the naive way reads one in so many, and its figures are multiplied.
    pub(super) const NAIVE_PART: usize = 10;

    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Products100 => "products_100",
            Self::Reports1000 => "reports_1000",
            Self::FullReports1000 => "full_reports_1000",
            Self::ProcessesSecondCall => "processes_second_call",
            Self::Submit100 => "submit_100",
            Self::Transfer10Mb => "transfer_10mb",
            Self::TransferText10Mb => "transfer_text_10mb",
            Self::Concurrent100 => "concurrent_100",
        }
    }

    pub(super) fn named(id: &str) -> Result<Self> {
        let job = Self::ALL.into_iter().find(|job| job.id() == id);
        job.ok_or_else(|| format!("there is no job {id:?}").into())
    }

    pub(super) fn note(self) -> String {
        match self {
            Self::Products100 => "read 100 products by part number; naive: one by one",
            Self::Reports1000 => {
                "read the headers of 1000 reports; naive: in ten pages; by hand: without what is unknown, and no lists"
            }
            Self::FullReports1000 => {
                "read 1000 reports of 10 steps by their ids, each dropped after its steps are counted; naive: one by one, \
                 of which a tenth is measured and multiplied"
            }
            Self::ProcessesSecondCall => {
                "ask for the processes again; naive: they are read from the server again"
            }
            Self::Submit100 => {
                "build and submit 100 reports of 10 steps, 20 at a time where the contestant has no rule of its own, for \
                 which the ideal is 5 times 20 ms, and what a timer of whole milliseconds adds; naive: one by one; by hand: \
                 nothing is checked or repeated"
            }
            Self::Transfer10Mb => {
                "submit a report of 10 MB and read it back; the server takes packed requests and says so; naive: the \
                 request is not packed"
            }
            Self::TransferText10Mb => {
                "submit 10 MB of JSON text and read it back as text, with no model; the Python peer has no such call; \
                 naive: the request is not packed"
            }
            Self::Concurrent100 => "100 reads of single products at the same time",
        }
        .to_owned()
    }

    /// What the server has beforehand: so many reports of so many steps.
    pub(super) fn seed(self) -> Option<(usize, usize)> {
        match self {
            Self::Reports1000 => Some((1000, 1)),
            Self::FullReports1000 => Some((1000, 10)),
            _ => None,
        }
    }

    /// Whether there is a naive way by hand that differs from the other.
    pub(super) fn naive_by_hand(self) -> bool {
        matches!(
            self,
            Self::Products100 | Self::FullReports1000 | Self::Submit100
        )
    }

    /// Whether the Python peer has a naive way that differs from its best one.
    pub(super) fn naive_python(self) -> bool {
        self.naive_by_hand() || self == Self::Reports1000
    }

    /// Makes sure that a run has all of its results.
    pub(super) fn check(self, done: Done) -> Result<()> {
        let least = match self {
            Self::Products100 | Self::Submit100 | Self::Concurrent100 => 100.0,
            Self::Reports1000 | Self::FullReports1000 => 1000.0,
            Self::ProcessesSecondCall | Self::Transfer10Mb | Self::TransferText10Mb => 1.0,
        };
        if (done.results as f64) * done.scale < least {
            return Err(format!("{} results instead of {least}", done.results).into());
        }
        Ok(())
    }
}
