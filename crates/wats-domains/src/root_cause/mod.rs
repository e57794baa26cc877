//! Root cause analysis: tickets, their history and their attachments.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod model;
pub(crate) mod route;
mod service;

pub use model::{
    Ticket, TicketAttachment, TicketPriority, TicketStatus, TicketUpdate, TicketUpdateType,
};
pub use service::{RootCauseService, TicketFile, TicketView};
