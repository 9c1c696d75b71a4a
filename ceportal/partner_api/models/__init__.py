"""What the partner API keeps.

An *application* is a partner's program; its *credentials* are pairs of an id and a secret, of which two may be good at
once, so that a secret is changed without a gap. A *personal token* is a person's own. A *call* is one request; a *kept
answer* is what a request under an idempotency key was answered; a *job* is a bulk of rows, done in *chunks*. A *feed
entry* is an event as one audience is shown it; a *webhook* is an address to which entries are delivered.
"""

from ceportal.partner_api.models.applications import Application, Credential, PersonalToken
from ceportal.partner_api.models.calls import Call, KeptAnswer
from ceportal.partner_api.models.feed import FeedEntry, FeedHorizon
from ceportal.partner_api.models.jobs import Job, JobChunk
from ceportal.partner_api.models.webhooks import Webhook, WebhookAttempt, WebhookDelivery, WebhookSecret

__all__ = [
    "Application",
    "Call",
    "Credential",
    "FeedEntry",
    "FeedHorizon",
    "Job",
    "JobChunk",
    "KeptAnswer",
    "PersonalToken",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookSecret",
]
