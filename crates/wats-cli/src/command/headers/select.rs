//! The conditions of the command line as a query.

use clap::ValueEnum;
use wats::jiff::Timestamp;
use wats::report::{HeaderField, ReportType, Status};
use wats::{Filter, HeaderQuery};

use crate::Outcome;
use crate::command::moment;

/// Which reports are meant; all conditions must hold.
#[derive(Debug, Default, clap::Args)]
pub(in crate::command) struct Conditions {
    /// Part number of the unit.
    #[arg(long, value_name = "NUMBER")]
    part: Option<String>,
    /// Serial number of the unit.
    #[arg(long, value_name = "NUMBER")]
    serial: Option<String>,
    /// Revision of the unit.
    #[arg(long)]
    revision: Option<String>,
    /// Process, by its code or its name.
    #[arg(long, value_name = "CODE|NAME")]
    process: Option<String>,
    /// Name of the station.
    #[arg(long, value_name = "NAME")]
    station: Option<String>,
    /// Outcome: passed, failed, error or terminated; several with commas between them.
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = status)]
    status: Vec<Status>,
    /// Tests or repairs only.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    /// Reports that started before this time.
    #[arg(long, value_name = "TIME", value_parser = moment::time)]
    pub(super) until: Option<wats::jiff::Timestamp>,
    /// A condition in OData's own words, sent as it is.
    #[arg(long, value_name = "ODATA")]
    filter: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::command) enum Kind {
    Test,
    Repair,
}

impl From<Kind> for ReportType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Test => Self::Test,
            Kind::Repair => Self::Repair,
        }
    }
}

fn status(word: &str) -> Result<Status, String> {
    let status = Status::from_word(word);
    match status {
        Status::Passed | Status::Failed | Status::Error | Status::Terminated => Ok(status),
        _ => Err("a report is passed, failed, error or terminated".to_owned()),
    }
}

impl Conditions {
    /// Whether there is any.
    pub(in crate::command) fn is_any(&self) -> bool {
        let Self {
            part,
            serial,
            revision,
            process,
            station,
            status,
            kind,
            until,
            filter,
        } = self;
        let texts = [part, serial, revision, process, station, filter];
        texts.into_iter().any(Option::is_some)
            || !status.is_empty()
            || kind.is_some()
            || until.is_some()
    }

    /// All conditions, without an order and a number.
    pub(in crate::command) fn query(&self, from: Option<Timestamp>) -> HeaderQuery {
        let mut query = HeaderQuery::default();
        if let Some(kind) = self.kind {
            query = query.kind(kind.into());
        }
        let process = self.process.as_deref().map(|process| {
            process.parse::<i32>().map_or_else(
                |_| Filter::eq(HeaderField::ProcessName, process),
                |code| Filter::eq(HeaderField::ProcessCode, code),
            )
        });
        let text = |field: HeaderField, text: &Option<String>| {
            text.as_deref().map(|text| Filter::eq(field, text))
        };
        let status = (!self.status.is_empty()).then(|| {
            let words = self.status.iter().map(ToString::to_string);
            Filter::any_of(HeaderField::Result, words)
        });
        let conditions = [
            text(HeaderField::PartNumber, &self.part),
            text(HeaderField::SerialNumber, &self.serial),
            text(HeaderField::Revision, &self.revision),
            process,
            text(HeaderField::Station, &self.station),
            status,
            from.map(|from| Filter::ge(HeaderField::Start, from)),
            self.until
                .map(|until| Filter::lt(HeaderField::Start, until)),
            self.filter.as_deref().map(Filter::raw),
        ];
        for condition in conditions.into_iter().flatten() {
            query = query.filter(condition);
        }
        query
    }

    /// The conditions as a text that is the same whenever they are.
    pub(super) fn written(&self, query: &HeaderQuery) -> Outcome<String> {
        let kind = self
            .kind
            .map_or_else(String::new, |kind| format!("{kind:?}: "));
        let filter = query.filter.as_ref().map(Filter::to_odata).transpose()?;
        Ok(format!("{kind}{}", filter.unwrap_or_default()))
    }
}
