//! Opens a ticket with a file, has it solved, and lists those that are open.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example root_cause -- "Fails at cold start" board.png
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;
use std::path::Path;

use wats::Wats;
use wats::http::Part;
use wats::root_cause::{Ticket, TicketAttachment, TicketStatus, TicketView};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let wats = Wats::from_env()?;
    let root_cause = wats.root_cause();

    if let Some(subject) = args.next() {
        let mut ticket = Ticket::new(subject).comment("Opened by a program.");
        if let Some(path) = args.next() {
            let name = Path::new(&path).file_name().and_then(|name| name.to_str());
            let name = name.ok_or("the file has no name")?;
            let mut file = TicketAttachment::default();
            file.attachment_id = Some(root_cause.attach(name, Part::file(&path)).await?);
            file.file_name = Some(name.to_owned());
            ticket.update.get_or_insert_default().attachments = Some(vec![file]);
        }
        let opened = root_cause.open(&ticket).await?;
        println!("opened {:?}", opened.number);

        // The life of a ticket: somebody works on it, says what was found, and solves it.
        let id = opened.ticket_id.ok_or("the ticket has no id")?;
        root_cause.assign(id, "kari").await?;
        root_cause.comment(id, "A dry joint.").await?;
        root_cause.set_status(id, TicketStatus::Solved).await?;
        for update in root_cause.get(id).await?.history.iter().flatten() {
            println!("{:?} {:?}", update.kind, update.content);
        }
        println!("{:?} is solved", opened.number);
    }

    let open = [TicketStatus::Open, TicketStatus::InProgress];
    for ticket in root_cause.list(&open, TicketView::Assigned, None).await? {
        println!(
            "{:?} {:?} {:?}",
            ticket.number, ticket.status, ticket.subject
        );
    }
    Ok(())
}
