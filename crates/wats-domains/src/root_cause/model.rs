//! The wire models of tickets (`RootCause.Ticket`, `Update` and `Attachment` of the server).

use uuid::Uuid;
use wats_report::{ReportTime, wire};

use crate::setting::Setting;

wats_report::numbers! {
    /// How far a ticket has come.
    pub enum TicketStatus: "the status of a ticket" {
        /// Nobody works on it.
        Open = 1,
        /// Somebody works on it.
        InProgress = 2,
        /// It waits.
        OnHold = 4,
        /// Its cause is removed.
        Solved = 8,
        /// It is closed.
        Closed = 16,
        /// It is out of the way.
        Archived = 32,
    }
}

wats_report::numbers! {
    /// How urgent a ticket is.
    pub enum TicketPriority: "the priority of a ticket" {
        /// Low.
        Low = 0,
        /// Medium.
        Medium = 1,
        /// High.
        High = 2,
    }
}

wats_report::numbers! {
    /// What an update of a ticket is.
    pub enum TicketUpdateType: "the type of an update" {
        /// A text.
        Content = 0,
        /// Progress.
        Progress = 1,
        /// Assignee, status and the like.
        Properties = 2,
        /// A reminder or mail.
        Notification = 3,
    }
}

wire! {
    /// A ticket.
    pub struct Ticket {
        /// Identifier given by the server; `None` for one that is not opened yet.
        "ticketId" => ticket_id: Uuid,
        /// Number for people, given by the server.
        "ticketNumber" => number: i32,
        /// How far the work has come, in words.
        "progress" => progress: String,
        /// Who opened it.
        "owner" => owner: String,
        /// Who works on it.
        "assignee" => assignee: String,
        /// What it is about.
        "subject" => subject: String,
        /// How far it has come.
        "status" => status: TicketStatus,
        /// How urgent it is.
        "priority" => priority: TicketPriority,
        /// The report that it is about.
        "reportUuid" => report_id: Uuid,
        /// When it was opened.
        "createdUtc" => created: ReportTime,
        /// When it was changed last.
        "updatedUtc" => updated: ReportTime,
        /// Team that works on it.
        "team" => team: String,
        /// Where it comes from.
        "origin" => origin: String,
        /// Tags.
        "tags" => tags: Vec<Setting>,
        /// What happened so far.
        "history" => history: Vec<TicketUpdate>,
        /// What is added to the history when it is opened or updated.
        "update" => update: TicketUpdate,
    }

    /// An entry of a ticket's history.
    pub struct TicketUpdate {
        /// Identifier given by the server.
        "updateId" => update_id: Uuid,
        /// When.
        "updateUtc" => time: ReportTime,
        /// Who.
        "updateUser" => user: String,
        /// Text.
        "content" => content: String,
        /// What it is.
        "updateType" => kind: TicketUpdateType,
        /// Files, uploaded before by [`attach`](crate::root_cause::RootCauseService::attach).
        "attachments" => attachments: Vec<TicketAttachment>,
    }

    /// A file of a ticket.
    pub struct TicketAttachment {
        /// Identifier given by the server.
        "attachmentId" => attachment_id: Uuid,
        /// Name of the file.
        "filename" => file_name: String,
    }
}

impl Ticket {
    /// A ticket that is not opened yet.
    ///
    /// ```
    /// use wats_domains::root_cause::{Ticket, TicketPriority};
    ///
    /// let mut ticket = Ticket::new("Fails at cold start").comment("Three of ten units.");
    /// ticket.priority = Some(TicketPriority::High);
    /// ```
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..Self::default()
        }
    }

    /// Adds a text to the history when the ticket is opened or updated.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        let update = self.update.get_or_insert_default();
        update.content = Some(text.into());
        update.kind = Some(TicketUpdateType::Content);
        self
    }
}
