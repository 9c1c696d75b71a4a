"""What each app contributes to a candidate's rights over their data: the whole wiring, in one place (CAND-09).

A lower app knows nothing of a higher one, so the services that export and erase find here whom to ask.
`tests/ceportal/test_privacy.py` walks every model that leads to a candidate and fails on one that stands neither in an
app's `EXPORTED` nor below.
"""

from collections.abc import Mapping

# Areas of what is exported, and functions `files(candidate, now)` that give further files beside them.
EXPORTED: tuple[str, ...] = (
    "candidates.privacy.EXPORTED",
    "catalog.privacy.EXPORTED",
    "payments.privacy.EXPORTED",
    "exams.privacy.EXPORTED",
    "emeritus.privacy.EXPORTED",
    "credits.privacy.EXPORTED",
)
FILES: tuple[str, ...] = (
    "candidates.privacy.files",
    "payments.privacy.files",
    "exams.privacy.files",
    "credits.privacy.files",
)

# Models that lead to a candidate, or to somebody's login, and are not exported: each with the reason.
NOT_EXPORTED: Mapping[str, str] = {
    "admin.LogEntry": "what staff entered by forms, under the login of that staff",
    "allauth_idp_oidc.Client": "credentials of a partner's program",
    "allauth_idp_oidc.Token": "a partner's token of an hour",
    "account.EmailConfirmation": "a secret that is sent by mail, and only for minutes",
    "candidates.Agreement": "a text of the programme; who accepted it is exported",
    "candidates.AgreementTranslation": "a text of the programme",
    "candidates.WordingReview": "what staff read of the programme's own wordings",
    "candidates.SanctionFile": "evidence, for staff as its words are; what happened is told in the sanction",
    "candidates.Tip": "reported in confidence, by somebody nobody knows (CAND-03)",
    "candidates.TipFile": "reported in confidence (CAND-03)",
    "candidates.TipMessage": "reported in confidence (CAND-03)",
    "candidates.Case": "what staff look into; what comes of it is told to the candidate, and exported as told",
    "payments.ReconciliationDifference": "what staff look into; what was paid and given back is exported",
    "catalog.BoardDecision": "a decision of the board about the catalog, under the login of staff",
    "catalog.Equivalence": "a decision of the board about the catalog, under the login of staff",
    "catalog.Listing": "what the board decided to list",
    "catalog.Proposal": "a provider's proposal for the catalog, made for the provider",
    "credits.Roster": "a provider's file, made for the provider; its rows about a candidate are exported",
    "credits.ScanImport": "an organiser's file, handed in by staff; what it says of a candidate are attendances",
    "partner_api.Application": "a partner's program, under the login of whoever answers for it",
    "partner_api.Call": "what a partner's program asked; the reads of a person's record are among the accesses",
    "partner_api.Credential": "credentials of a partner's program",
    "partner_api.Job": "what a partner handed in; what came of a row about a candidate is exported where it stands",
    "partner_api.JobChunk": "what a partner handed in, for 90 days; what came of a row is exported where it stands",
    "partner_api.Webhook": "where a partner's program is told, under the login of whoever answers for it",
    "partner_api.WebhookAttempt": "how a message to a partner ended; the message itself is not kept",
    "partner_api.WebhookDelivery": "that a partner was told an event, which goes with the event when it is erased",
    "partner_api.WebhookSecret": "what signs the messages to a partner's program",
    "exams.Seat": "a place at a sitting; who took it are the bookings",
    "exams.Sitting": "a day of a site, closed by its proctor",
}

# What stands in the way of an erasure: functions `holds(candidate, now)`, each giving a decision.
HOLDS: tuple[str, ...] = (
    "candidates.privacy.holds",
    "catalog.privacy.holds",
    "payments.privacy.holds",
    "exams.privacy.holds",
    "credits.privacy.holds",
)

# What is emptied: functions `erase(candidate, now)`, which also give the names of files to remove. From the highest app
# to the lowest, so that the name goes last.
ERASERS: tuple[str, ...] = (
    "credits.privacy.erase",
    "exams.privacy.erase",
    "payments.privacy.erase",
    "candidates.erasing.erase",
)
