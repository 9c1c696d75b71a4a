"""What changes people, their certifications, and what is said to them."""

from candidates.services.addresses import (
    Report,
    change_contact,
    confirm_address,
    hold_back,
    record_bounce,
    record_mail_report,
)
from candidates.services.affiliations import (
    confirm_affiliation,
    decline_affiliation,
    end_affiliation,
    leave_partner,
    request_affiliation,
)
from candidates.services.agreements import (
    accept_agreement,
    draft_agreement,
    publish_agreement,
    translate_agreement,
)
from candidates.services.badges import issue_badge
from candidates.services.cases import close_case, open_case
from candidates.services.certifications import (
    Renewal,
    buy_emeritus_terms,
    catch_up,
    catch_up_several,
    earn_certification,
    follow_calendar,
    import_certification,
    refresh_certifications,
    renew_certifications,
    withdraw_terms,
)
from candidates.services.consents import record_consent, withdraw_consent
from candidates.services.erasures import ask_for_erasure, erase_candidate, withdraw_erasure
from candidates.services.exports import ask_for_export, expire_export, has_expired, make_export, on_export_requested
from candidates.services.guardians import (
    ask_guardian,
    sign_as_guardian,
    take_back_as_guardian,
    withdraw_guardian_request,
)
from candidates.services.notices import compose_notice, mark_notice_read, write_notice
from candidates.services.partners import confirm_for_partner, decline_for_partner, end_for_partner
from candidates.services.people import (
    choose_language,
    link_candidate,
    lock_candidate,
    lock_candidates,
    register_candidate,
)
from candidates.services.residence import change_residence, verify_residence
from candidates.services.sanctions import (
    confirm_sanction,
    decide_sanction_appeal,
    decline_sanction,
    end_sanction,
    file_sanction_appeal,
    lift_sanction,
    propose_sanction,
)
from candidates.services.sharing import share_certifications, withdraw_link
from candidates.services.tip_access import enter_tip
from candidates.services.tips import FiledTip, TipForm, add_to_tip, ask_reporter, close_tip, file_tip, link_tip
from candidates.services.wordings import review_wording

__all__ = [
    "FiledTip",
    "Renewal",
    "Report",
    "TipForm",
    "accept_agreement",
    "add_to_tip",
    "ask_for_erasure",
    "ask_for_export",
    "ask_guardian",
    "ask_reporter",
    "buy_emeritus_terms",
    "catch_up",
    "catch_up_several",
    "change_contact",
    "change_residence",
    "choose_language",
    "close_case",
    "close_tip",
    "compose_notice",
    "confirm_address",
    "confirm_affiliation",
    "confirm_for_partner",
    "confirm_sanction",
    "decide_sanction_appeal",
    "decline_affiliation",
    "decline_for_partner",
    "decline_sanction",
    "draft_agreement",
    "earn_certification",
    "end_affiliation",
    "end_for_partner",
    "end_sanction",
    "enter_tip",
    "erase_candidate",
    "expire_export",
    "file_sanction_appeal",
    "file_tip",
    "follow_calendar",
    "has_expired",
    "hold_back",
    "import_certification",
    "issue_badge",
    "leave_partner",
    "lift_sanction",
    "link_candidate",
    "link_tip",
    "lock_candidate",
    "lock_candidates",
    "make_export",
    "mark_notice_read",
    "on_export_requested",
    "open_case",
    "propose_sanction",
    "publish_agreement",
    "record_bounce",
    "record_consent",
    "record_mail_report",
    "refresh_certifications",
    "register_candidate",
    "renew_certifications",
    "request_affiliation",
    "review_wording",
    "share_certifications",
    "sign_as_guardian",
    "take_back_as_guardian",
    "translate_agreement",
    "verify_residence",
    "withdraw_consent",
    "withdraw_erasure",
    "withdraw_guardian_request",
    "withdraw_link",
    "withdraw_terms",
    "write_notice",
]
