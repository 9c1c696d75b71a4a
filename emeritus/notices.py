"""What buyers of Emeritus are told: receivers of the relay (CE-13, EMR-16)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from candidates.models import Certification
from candidates.services import compose_notice
from ceportal.kernel.models import Event
from emeritus.models import EmeritusPurchase


def on_bought(event: Event, now: datetime) -> None:
    """Confirm a purchase: what was paid, from when to when, and what it changes (EMR-16).

    The invoice has a message of its own, by the night that issues it (PAY-02).
    """
    purchase = EmeritusPurchase.objects.select_related("candidate", "order").get(id=event.subject_id)
    certifications = Certification.objects.filter(id__in=event.payload["certifications"]).select_related("track")
    compose_notice(
        candidate=purchase.candidate,
        kind="emeritus_confirmed",
        key=f"emeritus_confirmed:{purchase.id}",
        context={
            "purchase": purchase,
            "order": purchase.order,
            "certifications": list(certifications.order_by("number")),
            "address": settings.BASE_URL + reverse("emeritus:page"),
        },
        now=now,
    )
