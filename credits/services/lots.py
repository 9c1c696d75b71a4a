"""The lot of an audit: drawn with the approval, without a question to the database (CE-12)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.conf import settings

from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits.models import Claim
from credits.rules import disputes


def draw(claim: Claim, *, approved_at: datetime) -> None:
    """Put the lot of an approval on its claim, unsaved, and whether it picks the claim; the night opens the audit."""
    claim.audit_lot = lot_of(claim, approved_at=approved_at)
    # The book of the approval day governs.
    claim.audit_due = disputes.assess_lot(claim.audit_lot, BOOK.on(clock.day_of(approved_at))).granted


def lot_of(claim: Claim, *, approved_at: datetime) -> int:
    """The lot, in millionths, worked out anew: whoever doubts a draw compares it with the one that was kept."""
    secret = hashlib.sha256(b"ceportal.credits.lots:" + settings.SECRET_KEY.encode()).digest()
    return disputes.lot_of(number=claim.number, approved_at=approved_at, secret=secret)
