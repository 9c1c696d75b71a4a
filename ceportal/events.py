"""Who reacts to what, and who outside is told: the whole wiring of the house, in one place.

A reaction `function(event, now)` runs in the transaction that made the event true. A receiver is told after the
commit, at least once, by the relay. The feed of the API shows an event to whom `function(events)` names, each a part of
it (ceportal.partner_api.feed).
"""

REACTIONS: dict[str, tuple[str, ...]] = {
    "candidates.certification_imported": ("credits.reactions.on_certification_imported",),
    "candidates.certification_earned": ("credits.reactions.on_certification_earned",),
    "candidates.certification_changed": (
        "credits.reactions.on_certification_changed",
        "emeritus.reactions.on_certification_changed",
    ),
    "candidates.sanction_lifted": ("credits.reactions.on_sanction_lifted",),
    "emeritus.bought": ("credits.reactions.on_emeritus_bought",),
    "exams.attempt_recorded": ("credits.reactions.on_attempt_recorded",),
    "exams.attempt_corrected": ("exams.reactions.on_attempt_corrected", "credits.reactions.on_attempt_corrected"),
    "payments.order_paid": (
        "credits.reactions.on_order_paid",
        "emeritus.reactions.on_order_paid",
        "exams.reactions.on_order_paid",
    ),
    "payments.payment_requested": (
        "emeritus.reactions.on_payment_requested",
        "exams.reactions.on_payment_requested",
    ),
}

DELIVERIES: dict[str, tuple[str, ...]] = {
    "candidates.notice_released": ("mail",),
    "candidates.export_requested": ("copy of the data",),
    "candidates.guardian_asked": ("guardian mail",),
    "candidates.notice_written": ("mail",),
    "candidates.tip_asked": ("mail to reporter",),
    "candidates.tip_closed": ("mail to reporter",),
    "credits.appeal_dismissed": ("appeal notice", "provider mail on appeals"),
    "credits.appeal_upheld": ("appeal notice", "provider mail on appeals"),
    "credits.audit_asked": ("audit notice",),
    "credits.audit_opened": ("audit notice",),
    "credits.audit_passed": ("audit notice",),
    "credits.claim_approved": ("claim notice",),
    "credits.claim_escalated": ("escalation notice",),
    "credits.claim_rejected": ("claim notice",),
    "credits.claim_returned": ("claim notice",),
    "credits.claim_voided": ("voided notice",),
    "credits.enrolled": ("enrollment notice",),
    "credits.fee_due": ("fee notice",),
    "credits.provider_reminded": ("provider mail on answers",),
    "credits.recertified": ("renewal notice",),
    "credits.renewed_by_earning": ("renewal notice",),
    "credits.renewal_reversed": ("reversal notice",),
    "emeritus.bought": ("purchase notice",),
    "exams.attempt_corrected": ("corrected result notice",),
    "exams.attempt_disallowed": ("disallowed result notice",),
    "exams.booking_cancelled": ("cancelled booking notice",),
    "exams.booking_paid": ("booking confirmation",),
    "exams.booking_unpaid_cancelled": ("unpaid booking notice",),
    "exams.seat_freed": ("waiting list",),
    "exams.lab_ended_by_incident": ("ended lab notice",),
    "exams.no_show": ("no-show notice",),
    "exams.remedy_granted": ("remedy notice",),
    "exams.reread_begun": ("begun re-read notice",),
    "exams.reread_decided": ("re-read outcome",),
    "exams.reread_lapsed": ("lapsed re-read notice",),
    "exams.result_published": ("lab result",),
    "partner_api.webhook_disabled": ("mail on webhooks",),
    "payments.refund_requested": ("card refund",),
}

RECEIVERS: dict[str, str] = {
    "mail": "candidates.mail.send_notice",
    "mail to reporter": "candidates.tip_mail.on_told",
    "copy of the data": "candidates.services.on_export_requested",
    "mail on webhooks": "ceportal.partner_api.webhooks.mail.on_disabled",
    "guardian mail": "candidates.guardian_mail.on_guardian_asked",
    "card refund": "payments.services.execute_refund",
    "appeal notice": "credits.mail.dispute_notices.on_appeal_decided",
    "audit notice": "credits.mail.dispute_notices.on_audit",
    "booking confirmation": "exams.booking_notices.on_booking_paid",
    "corrected result notice": "exams.result_notices.on_attempt_corrected",
    "disallowed result notice": "exams.result_notices.on_attempt_disallowed",
    "cancelled booking notice": "exams.booking_notices.on_booking_cancelled",
    "waiting list": "exams.services.waiting.on_seat_freed",
    "unpaid booking notice": "exams.booking_notices.on_booking_unpaid_cancelled",
    "begun re-read notice": "exams.desk_notices.on_reread_begun",
    "ended lab notice": "exams.desk_notices.on_lab_ended",
    "lab result": "exams.desk_notices.on_result_published",
    "lapsed re-read notice": "exams.desk_notices.on_reread_lapsed",
    "no-show notice": "exams.desk_notices.on_no_show",
    "re-read outcome": "exams.desk_notices.on_reread_decided",
    "remedy notice": "exams.desk_notices.on_remedy_granted",
    "claim notice": "credits.mail.notices.on_claim_decided",
    "enrollment notice": "credits.mail.notices.on_enrolled",
    "escalation notice": "credits.mail.dispute_notices.on_claim_escalated",
    "fee notice": "credits.mail.notices.on_fee_due",
    "purchase notice": "emeritus.notices.on_bought",
    "provider mail on answers": "credits.mail.provider_mail.on_provider_reminded",
    "provider mail on appeals": "credits.mail.provider_mail.on_appeal_decided",
    "renewal notice": "credits.mail.notices.on_renewed",
    "reversal notice": "credits.mail.notices.on_renewal_reversed",
    "voided notice": "credits.mail.dispute_notices.on_claim_voided",
}

# What does a chunk of a bulk handed in through the API, by the kind of job (ceportal.partner_api.jobs).
JOBS: dict[str, str] = {
    "results": "exams.api.run_chunk",
    "scans": "credits.organiser_api.run_chunk",
    "rosters": "credits.roster_api.run_chunk",
}

# To whom the feed shows a topic, and what: `(events of the topic) -> list[Audience]`, with as many queries for many
# events as for one.
FEED: dict[str, str] = {
    "candidates.affiliation_confirmed": "candidates.feed.affiliation_events",
    "candidates.affiliation_declined": "candidates.feed.affiliation_events",
    "candidates.affiliation_ended": "candidates.feed.affiliation_events",
    "candidates.affiliation_requested": "candidates.feed.affiliation_events",
    "candidates.affiliation_withdrawn": "candidates.feed.affiliation_events",
    "candidates.candidate_erased": "candidates.feed.erasure_events",
    "candidates.certification_changed": "candidates.feed.certification_events",
    "candidates.certification_earned": "candidates.feed.certification_events",
    "candidates.certification_imported": "candidates.feed.certification_events",
    "catalog.authorisation_withdrawn": "catalog.feed.authorisation_events",
    "catalog.delivery_cancelled": "catalog.feed.delivery_events",
    "catalog.delivery_scheduled": "catalog.feed.delivery_events",
    "catalog.gathering_organiser_named": "catalog.feed.gathering_events",
    "catalog.gathering_registered": "catalog.feed.gathering_events",
    "catalog.item_changed": "catalog.feed.listing_events",
    "catalog.item_delisted": "catalog.feed.listing_events",
    "catalog.item_listed": "catalog.feed.listing_events",
    "catalog.item_proposed": "catalog.feed.proposal_events",
    "catalog.proposal_declined": "catalog.feed.proposal_events",
    "catalog.proposal_listed": "catalog.feed.proposal_events",
    "catalog.proposal_withdrawn": "catalog.feed.proposal_events",
    "catalog.provider_authorised": "catalog.feed.authorisation_events",
    "catalog.session_changed": "catalog.feed.session_events",
    "catalog.session_room_changed": "catalog.feed.session_time_events",
    "catalog.session_scheduled": "catalog.feed.session_time_events",
    "credits.attendance_recorded": "credits.feed.attendance_events",
    "credits.attendance_settled": "credits.feed.attendance_events",
    "credits.claim_approved": "credits.feed.claim_events",
    "credits.claim_escalated": "credits.feed.claim_events",
    "credits.claim_put_back": "credits.feed.claim_events",
    "credits.claim_rejected": "credits.feed.claim_events",
    "credits.claim_returned": "credits.feed.claim_events",
    "credits.claim_submitted": "credits.feed.claim_events",
    "credits.claim_voided": "credits.feed.claim_events",
    "credits.completion_reported": "credits.feed.report_events",
    "credits.cycle_closed": "credits.feed.cycle_events",
    "credits.cycle_reopened": "credits.feed.reopening_events",
    "credits.items_authored": "credits.feed.authored_events",
    "credits.recertified": "credits.feed.recertification_events",
    "credits.renewal_reversed": "credits.feed.reversal_events",
    "credits.renewed_by_earning": "credits.feed.renewal_events",
    "credits.roster_checked": "credits.feed.roster_events",
    "credits.roster_discarded": "credits.feed.roster_events",
    "credits.roster_report_begun": "credits.feed.roster_events",
    "credits.roster_reported": "credits.feed.roster_events",
    "credits.roster_uploaded": "credits.feed.roster_events",
    "credits.workshop_recorded": "credits.feed.workshop_events",
    "exams.attempt_corrected": "exams.feed.attempt_events",
    "exams.attempt_disallowed": "exams.feed.attempt_events",
    "exams.attempt_recorded": "exams.feed.attempt_events",
    "exams.booking_cancelled": "exams.feed.booking_events",
    "exams.booking_corrected": "exams.feed.booking_events",
    "exams.booking_dropped": "exams.feed.booking_events",
    "exams.booking_paid": "exams.feed.booking_events",
    "exams.booking_rescheduled": "exams.feed.booking_events",
    "exams.booking_unpaid_cancelled": "exams.feed.booking_events",
    "exams.checked_in": "exams.feed.desk_events",
    "exams.hold_released": "exams.feed.booking_events",
    "exams.lab_ended_by_incident": "exams.feed.desk_events",
    "exams.no_show": "exams.feed.booking_events",
    "exams.reschedule_quoted": "exams.feed.quote_events",
    "exams.result_published": "exams.feed.booking_events",
    "exams.seat_booked": "exams.feed.booking_events",
    "exams.seat_offered": "exams.feed.booking_events",
    "partner_api.job_finished": "ceportal.partner_api.program_events.job_events",
    "partner_api.webhook_disabled": "ceportal.partner_api.program_events.webhook_events",
}

# Shown without an event, by what is done by the hundred thousand: written by `ceportal.partner_api.feed.write_for`.
FEED_BESIDE: tuple[str, ...] = ("credits.credits_expired",)

FEED_WRITER = "ceportal.partner_api.feed.write_entries"

# By scope, which entries a tenant may still be shown now: `(tenant, entries) -> those entries`.
FEED_ALLOWED: dict[str, str] = {
    "gatherings:read": "catalog.feed.of_own_gatherings",
    "scans:read": "catalog.feed.of_own_gatherings",
    "statuses:read": "candidates.feed.of_those_associated",
}

# By kind of partner, whether a program still acts for its tenant: `(application) -> bool`. Of other kinds all do.
FEED_STANDING: dict[str, str] = {
    "organiser": "credits.feed.acts_for_exam_team",
    "provider": "catalog.feed.acts_for_provider",
    "verifier": "candidates.feed.acts_for_partner",
}

# By kind of partner, what writes down about whom a program is told: `(application, entries, page=, now=)`.
FEED_SEEN: dict[str, str] = {
    "organiser": "credits.feed.note_seen_by_exam_team",
    "verifier": "candidates.feed.note_seen",
}

# Called without arguments after a commit that gave entries of the feed their positions, by whoever gave them; they only
# wake somebody.
FEED_FOLLOWERS: tuple[str, ...] = ("ceportal.partner_api.webhooks.delivering.wake_follower",)
