"""People and their certifications, and what may be done with them.

A *user* logs in. A *candidate* is a person in the certification records and may exist before any login; a user is
linked to it once. A *certification* is held in one track; its life is a chain of *terms*, of which the latest that
has begun runs. A *notice* is an official message, kept with what was said and to which address (CE-13);
staff review the *wording* of each kind.

A *sanction* bars a candidate for a breach of the agreement: one member of staff proposes it, another signs it, and it
stands until it is lifted (CAND-02). A *guardian's consent* lets a minor be tested (CAND-05); a *proof of residence* is
an identity document that staff have seen (CAND-07). A *verification link* shows certifications that their holder chose
to whoever has it (CERT-09); a *badge* is a certification as a signed credential that verifies without the portal.
An *affiliation* is an expert's association with a *channel partner*, one at a time (CERT-07). A *tip* is suspected
misconduct, reported in confidence by somebody whom nobody here knows (CAND-03).
A *data request* asks for a copy of everything held about a candidate, or for its erasure (CAND-09); an *access* is one
by which staff saw it.
"""

from candidates.models.agreements import Acceptance, Agreement, AgreementTranslation, GuardianConsent, Words
from candidates.models.badges import Badge
from candidates.models.certifications import Certification, StatusChange, Term, Track
from candidates.models.guardians import GuardianRequest
from candidates.models.messages import Case, Notice
from candidates.models.partners import Affiliation, ChannelPartner, PartnerMember
from candidates.models.people import Candidate, User, UserManager
from candidates.models.privacy import DataRequest, StaffAccess
from candidates.models.sharing import VerificationLink
from candidates.models.standing import ResidenceProof, Sanction, SanctionFile
from candidates.models.tips import Tip, TipFile, TipMessage
from candidates.models.wordings import WordingReview

__all__ = [
    "Acceptance",
    "Affiliation",
    "Agreement",
    "AgreementTranslation",
    "Badge",
    "Candidate",
    "Case",
    "Certification",
    "ChannelPartner",
    "DataRequest",
    "GuardianConsent",
    "GuardianRequest",
    "Notice",
    "PartnerMember",
    "ResidenceProof",
    "Sanction",
    "SanctionFile",
    "StaffAccess",
    "StatusChange",
    "Term",
    "Tip",
    "TipFile",
    "TipMessage",
    "Track",
    "User",
    "UserManager",
    "VerificationLink",
    "WordingReview",
    "Words",
]
