"""Tickets.

Not called, since the client cannot: `upload_attachment` hands its transport what that does not take.
"""

import uuid

from pywats.domains.rootcause.enums import TicketPriority, TicketStatus, TicketView


def run(api):
    rootcause = api.rootcause
    subject = f"Cold start {uuid.uuid4().hex[:8]}"
    ticket = rootcause.create_ticket(subject, priority=TicketPriority.HIGH, assignee="ada", initial_comment="seen")
    assert (ticket.subject, ticket.priority, ticket.status) == (subject, TicketPriority.HIGH, TicketStatus.OPEN)
    assert [one.content for one in rootcause.get_ticket(ticket.ticket_id).history] == ["seen"]
    listed = rootcause.get_tickets(TicketStatus.OPEN, TicketView.ALL, subject)
    assert [one.ticket_id for one in listed] == [ticket.ticket_id]
    commented = rootcause.add_comment(ticket.ticket_id, "more")
    assert commented.history[-1].content == "more"
    assert rootcause.assign_ticket(ticket.ticket_id, "grace").assignee == "grace"
    assert rootcause.change_status(ticket.ticket_id, TicketStatus.SOLVED).status == TicketStatus.SOLVED
    archived = rootcause.archive_tickets([ticket.ticket_id])
    assert archived.status == TicketStatus.ARCHIVED
