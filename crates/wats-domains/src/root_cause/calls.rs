//! A call of each row, for the tests of the table.

use wats_http::Part;

use super::{Ticket, TicketStatus, TicketView};
use crate::Wats;
use crate::route::tests::{ID, Lacks, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "root_cause.attach",
    Lacks::Body,
    "the file is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let root_cause = api.root_cause();
    let statuses = [TicketStatus::Open, TicketStatus::Solved];
    let mut ticket = Ticket::new("Fails").comment("Often");
    said(root_cause.get(ID).await);
    said(
        root_cause
            .list(&statuses, TicketView::All, Some(text()))
            .await,
    );
    said(root_cause.open(&ticket).await);
    ticket.ticket_id = Some(ID);
    said(root_cause.update(&ticket).await);
    said(root_cause.archive(&[ID]).await);
    said(root_cause.attachment(ID).file_name(text()).await);
    said(root_cause.attach("a.png", Part::bytes("png")).await);
}
