//! A call of each row, for the tests of the table.

use wats_http::Part;

use super::{Ticket, TicketStatus, TicketView};
use crate::Wats;
use crate::route::tests::{AWKWARD, ID, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "root_cause.attach",
    Lacks::Body,
    "the file is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let root_cause = api.root_cause();
    let statuses = [TicketStatus::Open, TicketStatus::Solved];
    let mut ticket = Ticket::new("Fails").comment("Often");
    drop(root_cause.get(ID).await);
    drop(
        root_cause
            .list(&statuses, TicketView::All, Some(AWKWARD))
            .await,
    );
    drop(root_cause.open(&ticket).await);
    ticket.ticket_id = Some(ID);
    drop(root_cause.update(&ticket).await);
    drop(root_cause.archive(&[ID]).await);
    drop(root_cause.attachment(ID).file_name(AWKWARD).await);
    drop(root_cause.attach("a.png", Part::bytes("png")).await);
}
