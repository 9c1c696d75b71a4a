"""What the programme's staff did in the years that are told: audits that the lot opened do not lie about."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from ceportal.demo.holders import WINDOW
from ceportal.demo.story import Scene
from credits.models import Audit
from credits.services import audits

EVERY = timedelta(days=20)
LIE_AT_MOST = timedelta(days=12)


def plan(scene: Scene) -> None:
    """Have staff come by every some weeks and pass the audits by lot that have been open for some days."""
    day = max(scene.first_day, scene.today - WINDOW)
    while day < scene.today:
        scene.timeline.on(day, partial(_pass_audits, scene.staff_id))
        day += EVERY


def _pass_audits(staff_id: int, now: datetime) -> None:
    lying = Audit.objects.filter(status=Audit.Status.OPEN, drawn=True, opened_at__lt=now - LIE_AT_MOST)
    for claim_id in list(lying.order_by("id").values_list("claim_id", flat=True)):
        audits.decide_audit(claim_id=claim_id, outcome="pass", reason="", staff_id=staff_id, now=now)
