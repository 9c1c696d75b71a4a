"""What dates make due about exams and sites."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from exams import services
from exams.models import Site


def open_sittings(*, now: datetime) -> int:
    """Open the sittings of every site that has a calendar as far ahead as the book says; how many there are since."""
    with_calendar = Site.objects.filter(Q(patterns__isnull=False) | Q(closures__isnull=False)).distinct()
    return sum(
        services.open_sittings(site_id=pk, now=now) for pk in with_calendar.order_by("id").values_list("pk", flat=True)
    )
