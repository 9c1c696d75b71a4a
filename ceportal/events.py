"""Who reacts to what, and who outside is told: the whole wiring of the house, in one place.

A reaction `function(event, now)` runs in the transaction that made the event true. A receiver is told after the
commit, at least once, by the relay.
"""

REACTIONS: dict[str, tuple[str, ...]] = {
    "candidates.certification_imported": ("credits.reactions.on_certification_imported",),
    "candidates.certification_earned": ("credits.reactions.on_certification_earned",),
    "candidates.certification_changed": ("credits.reactions.on_certification_changed",),
    "candidates.sanction_lifted": ("credits.reactions.on_sanction_lifted",),
    "exams.attempt_recorded": ("credits.reactions.on_attempt_recorded",),
    "exams.attempt_corrected": ("credits.reactions.on_attempt_corrected",),
    "payments.order_paid": ("credits.reactions.on_order_paid", "exams.reactions.on_order_paid"),
    "payments.payment_requested": ("exams.reactions.on_payment_requested",),
}

DELIVERIES: dict[str, tuple[str, ...]] = {
    "candidates.notice_written": ("mail",),
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
    "exams.booking_cancelled": ("cancelled booking notice",),
    "exams.booking_paid": ("booking confirmation",),
    "exams.booking_unpaid_cancelled": ("unpaid booking notice",),
    "exams.seat_freed": ("waiting list",),
    "payments.refund_requested": ("card refund",),
}

RECEIVERS: dict[str, str] = {
    "mail": "candidates.mail.send_notice",
    "card refund": "payments.services.execute_refund",
    "appeal notice": "credits.dispute_notices.on_appeal_decided",
    "audit notice": "credits.dispute_notices.on_audit",
    "booking confirmation": "exams.booking_notices.on_booking_paid",
    "cancelled booking notice": "exams.booking_notices.on_booking_cancelled",
    "waiting list": "exams.services.waiting.on_seat_freed",
    "unpaid booking notice": "exams.booking_notices.on_booking_unpaid_cancelled",
    "claim notice": "credits.notices.on_claim_decided",
    "enrollment notice": "credits.notices.on_enrolled",
    "escalation notice": "credits.dispute_notices.on_claim_escalated",
    "fee notice": "credits.notices.on_fee_due",
    "provider mail on answers": "credits.provider_mail.on_provider_reminded",
    "provider mail on appeals": "credits.provider_mail.on_appeal_decided",
    "renewal notice": "credits.notices.on_renewed",
    "reversal notice": "credits.notices.on_renewal_reversed",
    "voided notice": "credits.dispute_notices.on_claim_voided",
}
