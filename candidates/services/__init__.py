"""What changes people, their certifications, and what is said to them."""

from candidates.services.cases import close_case, open_case
from candidates.services.certifications import (
    Renewal,
    catch_up,
    earn_certification,
    follow_calendar,
    import_certification,
    refresh_certifications,
    renew_certifications,
    withdraw_terms,
)
from candidates.services.notices import compose_notice, mark_notice_read, record_bounce, write_notice
from candidates.services.people import (
    accept_agreement,
    change_contact,
    change_residence,
    link_candidate,
    lock_candidate,
    lock_candidates,
    register_candidate,
)

__all__ = [
    "Renewal",
    "accept_agreement",
    "catch_up",
    "change_contact",
    "change_residence",
    "close_case",
    "compose_notice",
    "earn_certification",
    "follow_calendar",
    "import_certification",
    "link_candidate",
    "lock_candidate",
    "lock_candidates",
    "mark_notice_read",
    "open_case",
    "record_bounce",
    "refresh_certifications",
    "register_candidate",
    "renew_certifications",
    "withdraw_terms",
    "write_notice",
]
