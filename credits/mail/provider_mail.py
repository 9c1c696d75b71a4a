"""What providers are told by e-mail: answers that are overdue, appeals that were decided. A receiver of the relay.

The event and its delivery are the record of it; members read the same on their pages.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from catalog.models import Provider, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from credits.models import Appeal, Claim

NAMED_AT_MOST = 40  # claims in one message; the queue has all of them


def on_provider_reminded(event: Event, now: datetime) -> None:
    """Name the overdue claims that still wait, those promised longest ago first (CE-10)."""
    provider = Provider.objects.get(id=event.subject_id)
    overdue = Claim.objects.filter(
        provider=provider, status=Claim.Status.SUBMITTED, answer_due_on__lt=clock.day_of(now)
    ).order_by("answer_due_on", "id")
    claims = list(overdue.select_related("item", "candidate")[:NAMED_AT_MOST])
    if claims:
        context = {"claims": claims, "more": overdue.count() - len(claims)}
        _write("answers_overdue", provider, event, context | {"address": _address("review_queue")}, now=now)


def on_appeal_decided(event: Event, now: datetime) -> None:
    """Tell the provider what the programme found about its rejection, and what follows (CE-10)."""
    appeal = Appeal.objects.select_related("claim__provider", "claim__item", "claim__candidate").get(
        id=event.subject_id
    )
    assert appeal.claim.provider is not None
    address = _address("review_claim", appeal.claim.number)
    context = {"appeal": appeal, "claim": appeal.claim, "address": address}
    _write("appeal_decided", appeal.claim.provider, event, context, now=now)


def _address(name: str, *args: Any) -> str:
    return settings.BASE_URL + reverse(f"credits:{name}", args=args)


def _write(template: str, provider: Provider, event: Event, context: dict[str, Any], *, now: datetime) -> None:
    """One message from `provider_mail/TEMPLATE.txt` (first line: subject) to the provider's managers, else members."""
    members = ProviderMember.objects.filter(provider=provider, active=True).select_related("user").order_by("id")
    managers = [each for each in members if each.role == ProviderMember.Role.MANAGER]
    addresses = [each.user.email for each in managers or members]
    if not addresses:
        return  # nobody acts for it; staff see the claims in the administration
    with translation.override(settings.LANGUAGE_CODE):
        text = render_to_string(f"provider_mail/{template}.txt", {"provider": provider, **context})
    subject, _newline, body = text.strip().partition("\n")
    EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=addresses,
        headers={
            "Date": format_datetime(now),  # on the portal's clock, as notices
            "Message-ID": f"<event-{event.id}@{settings.BASE_URL.split('//')[-1].split(':')[0]}>",
        },
    ).send()
