"""Continuing-education credits, from the claim to the renewal they pay for.

A *claim* asks a provider to confirm a completed training; a *report* is the provider's own word for one, a *roster* a
file of such words; organisers report *attendance* at sessions by badge *scans*, the exam team *authored items* and
*workshops*. Each earns a *grant* of credits. A *cycle* runs from one renewal of the candidate's highest certification
to the next (CR-02) and holds the grants completed in it. What happens to a grant is told by *entries*, which are
never changed or removed (CR-07) and which a daily *seal* proves. A *recertification* is a renewal by a path of the
policy book. An *audit* looks at an approved claim again, an *appeal* asks the programme about a rejected one.
"""

from credits.models.activities import Attendance, AuthoredItems, Workshop
from credits.models.claims import Claim, CompletionReport, Enrollment, Evidence, Receipt
from credits.models.disputes import Appeal, Audit
from credits.models.ledger import AdministrativeFee, Cycle, Entry, Grant, Recertification
from credits.models.rosters import Roster, RosterRow
from credits.models.scans import ScanImport
from credits.models.seals import Seal

__all__ = [
    "AdministrativeFee",
    "Appeal",
    "Attendance",
    "Audit",
    "AuthoredItems",
    "Claim",
    "CompletionReport",
    "Cycle",
    "Enrollment",
    "Entry",
    "Evidence",
    "Grant",
    "Receipt",
    "Recertification",
    "Roster",
    "RosterRow",
    "ScanImport",
    "Seal",
    "Workshop",
]
