//! A call of each row, for the tests of the table.

use wats_http::Part;

use super::{Ticket, TicketStatus, TicketView};
use crate::Wats;
use crate::route::tests::{ID, Lacks, arg, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "root_cause.attach",
    Lacks::Body,
    "the file is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let root_cause = api.root_cause();
    let statuses = [TicketStatus::Open, TicketStatus::Solved];
    let statuses = arg("status", &statuses[..]);
    let mut ticket = Ticket::new("Fails").comment("Often");
    said(root_cause.get(arg("ticket_id", ID)).await);
    said(
        root_cause
            .list(statuses, TicketView::All, Some(text()))
            .await,
    );
    said(root_cause.open(&ticket).await);
    ticket.ticket_id = Some(arg("ticket_id", ID));
    said(root_cause.update(&ticket).await);
    said(
        root_cause
            .archive(arg("ticket_ids", &[arg("ticket_ids", ID)]))
            .await,
    );
    said(
        root_cause
            .attachment(arg("attachment_id", ID))
            .file_name(text())
            .await,
    );
    said(root_cause.attach("a.png", Part::bytes("png")).await);
}
