//! Operations on tickets.

use uuid::Uuid;
use wats_http::{Multipart, Part};

use super::{Ticket, TicketStatus, route};
use crate::RemoteFile;
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

wats_report::numbers! {
    /// Whose tickets are listed.
    pub enum TicketView: "a view of tickets" {
        /// Those that are assigned to the user of the token.
        Assigned = 0,
        /// Those that the user follows.
        Following = 1,
        /// All; the user must be allowed to manage them.
        All = 2,
    }
}

request! {
    /// From [`RootCauseService::attachment`].
    pub struct TicketFile -> RemoteFile, by download {
        /// The name that the server gives the file. Without one it gives none.
        "fileName" => file_name: String as Name,
    }
}

service! {
    /// Operations on tickets; from [`Wats::root_cause`](crate::Wats::root_cause).
    pub struct RootCauseService;
}

impl RootCauseService {
    /// A ticket with its history (`GET /api/RootCause/Ticket`).
    pub fn get(&self, ticket_id: Uuid) -> Ask<Ticket> {
        let call = route::get.call().query("ticketId", ticket_id);
        self.core.ask(&route::get, Ok(call))
    }

    /// Tickets that have one of these statuses, and the text in their subject or tags if there is one
    /// (`GET /api/RootCause/Tickets`).
    ///
    /// # Errors
    /// [`Error::Query`] for no status and for an empty text; or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::root_cause::{TicketStatus, TicketView};
    ///
    /// let open = [TicketStatus::Open, TicketStatus::InProgress];
    /// for ticket in api.root_cause().list(&open, TicketView::All, Some("cold start")).await? {
    ///     println!("{:?} {:?}", ticket.number, ticket.subject);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(
        &self,
        statuses: &[TicketStatus],
        view: TicketView,
        search: Option<&str>,
    ) -> Ask<Vec<Ticket>> {
        let flags = statuses.iter().fold(0, |all, status| all | status.number());
        let fill = || {
            if flags == 0 {
                return Err(Error::Query("no status of tickets is asked for".to_owned()));
            }
            if let Some(text) = search {
                scanned::check_some("search text", text, Kind::Name)?;
            }
            let call = route::list.call().query("status", flags);
            Ok(call.query("view", view).query_opt("searchString", search))
        };
        self.core.ask(&route::list, fill())
    }

    /// Opens a ticket and returns it as the server holds it, with its id and number (`POST /api/RootCause/Ticket`).
    ///
    /// # Errors
    /// [`Error::Query`] for one with an id; or the call fails. It is not repeated: each call opens one.
    pub fn open(&self, ticket: &Ticket) -> Ask<Ticket> {
        let call = match ticket.ticket_id {
            Some(id) => Err(Error::Query(format!(
                "the ticket has the id {id}, so it is open already; update it"
            ))),
            None => Ok(route::open.call().json(ticket)),
        };
        self.core.ask(&route::open, call)
    }

    /// Changes a ticket and adds its [`update`](Ticket::update) to the history (`PUT /api/RootCause/Ticket`).
    ///
    /// # Errors
    /// [`Error::Query`] for one without an id; or the call fails. It is not repeated, as the history would have the update
    /// twice.
    pub fn update(&self, ticket: &Ticket) -> Ask<Ticket> {
        let call =
            argument::id("ticket_id", ticket.ticket_id).map(|_| route::update.call().json(ticket));
        self.core.ask(&route::update, call)
    }

    /// Adds a text to the history of a ticket: reads it ([`get`](Self::get)) and changes it ([`update`](Self::update)), so
    /// another who changes it in between is overwritten. Returns it as the server holds it.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty text; status 404 when there is no such ticket; or a call fails. The change is not
    /// repeated.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, id: uuid::Uuid) -> wats_domains::Result<()> {
    /// use wats_domains::root_cause::TicketStatus;
    ///
    /// api.root_cause().comment(id, "A cold solder joint at R7.").await?;
    /// api.root_cause().assign(id, "ada").await?;
    /// api.root_cause().set_status(id, TicketStatus::InProgress).await?;
    /// # Ok(()) }
    /// ```
    pub fn comment(&self, ticket_id: Uuid, text: &str) -> Ask<Ticket> {
        let text = match text.trim() {
            "" => Err(Error::Query("the comment is empty".to_owned())),
            _ => Ok(text.to_owned()),
        };
        self.change(ticket_id, text, |ticket, text| {
            *ticket = std::mem::take(ticket).comment(text);
        })
    }

    /// Gives a ticket to somebody, as [`comment`](Self::comment) adds a text.
    ///
    /// # Errors
    /// [`Error::Query`] for a name that is empty or holds what nobody sees; otherwise as [`comment`](Self::comment).
    pub fn assign(&self, ticket_id: Uuid, assignee: &str) -> Ask<Ticket> {
        let name = scanned::check_some("assignee", assignee, Kind::Number);
        let name = name.map(|()| assignee.to_owned());
        self.change(ticket_id, name, |ticket, name| ticket.assignee = Some(name))
    }

    /// Sets how far a ticket has come, as [`comment`](Self::comment) adds a text.
    ///
    /// # Errors
    /// As [`comment`](Self::comment).
    pub fn set_status(&self, ticket_id: Uuid, status: TicketStatus) -> Ask<Ticket> {
        self.change(ticket_id, Ok(status), |ticket, status| {
            ticket.status = Some(status);
        })
    }

    /// Reads a ticket, changes it and writes it.
    fn change<T: Send + 'static>(
        &self,
        ticket_id: Uuid,
        value: Result<T>,
        change: impl FnOnce(&mut Ticket, T) + Send + 'static,
    ) -> Ask<Ticket> {
        self.core.run(move |core| async move {
            let value = value?;
            let call = route::get.call().query("ticketId", ticket_id);
            let mut ticket: Ticket = core.ask(&route::get, Ok(call)).await?;
            // What the last update was is in the history already.
            ticket.update = None;
            ticket.ticket_id = Some(ticket_id);
            change(&mut ticket, value);
            let call = route::update.call().json(&ticket);
            core.ask(&route::update, Ok(call)).await
        })
    }

    /// Archives solved tickets (`POST /api/RootCause/ArchiveTickets`). Their owner may, and who may manage all tickets.
    ///
    /// # Errors
    /// [`Error::Query`] for no tickets; or the call fails.
    pub fn archive(&self, ticket_ids: &[Uuid]) -> Ask<()> {
        let call =
            argument::ids("ticket_ids", ticket_ids).map(|ids| route::archive.call().json(ids));
        self.core.tell(&route::archive, call)
    }

    /// The contents of an attachment (`GET /api/RootCause/Attachment`).
    pub fn attachment(&self, attachment_id: Uuid) -> TicketFile {
        let route = &route::attachment;
        let call = route.call().query("attachmentId", attachment_id);
        TicketFile::new(&self.core, route, Ok(call))
    }

    /// Uploads a file and returns its id, to be named in an update of a ticket (`POST /api/RootCause/Attachment`).
    ///
    /// # Errors
    /// [`Error::Query`] for a name that is empty or a path; or the call fails. It is not repeated.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, png: Vec<u8>, id: uuid::Uuid) -> wats_domains::Result<()> {
    /// use wats_domains::root_cause::TicketAttachment;
    /// use wats_http::Part;
    ///
    /// let attachment_id = api.root_cause().attach("board.png", Part::bytes(png)).await?;
    /// let mut ticket = api.root_cause().get(id).await?.comment("See the photo.");
    /// let mut photo = TicketAttachment::default();
    /// photo.attachment_id = Some(attachment_id);
    /// photo.file_name = Some("board.png".to_owned());
    /// ticket.update.get_or_insert_default().attachments = Some(vec![photo]);
    /// api.root_cause().update(&ticket).await?;
    /// # Ok(()) }
    /// ```
    pub fn attach(&self, file_name: &str, file: Part) -> Ask<Uuid> {
        let call = scanned::check_some("file name", file_name, Kind::Name).and_then(|()| {
            if file_name.contains(['/', '\\']) || matches!(file_name, "." | "..") {
                return Err(Error::Query(format!(
                    "the file name {file_name:?} is a path; the server needs the name alone"
                )));
            }
            let form = Multipart::new().part("file", file.file_name(file_name));
            Ok(route::attach.call().multipart(form))
        });
        self.core.run(|core| async move {
            let text: String = core.ask(&route::attach, call).await?;
            let id = text.trim().parse();
            id.map_err(|_| {
                Error::Data(format!(
                    "the answer `{text:.100}` is not the id of an attachment"
                ))
            })
        })
    }
}
