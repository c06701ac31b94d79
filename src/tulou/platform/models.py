"""The tables of the ground floor, gathered from its parts."""

from tulou.platform.attachments.models import Attachment
from tulou.platform.audit.models import AuditEvent, AuditHead
from tulou.platform.idempotency.models import AnsweredRequest
from tulou.platform.outbox.models import InboxItem, Message, Webhook
from tulou.platform.search.models import Document, Posting, Synonym, Term
from tulou.platform.tasks.models import Lease, Schedule
from tulou.platform.transitions.models import Move

__all__ = [
    "AnsweredRequest",
    "Attachment",
    "AuditEvent",
    "AuditHead",
    "Document",
    "InboxItem",
    "Lease",
    "Message",
    "Move",
    "Posting",
    "Schedule",
    "Synonym",
    "Term",
    "Webhook",
]
