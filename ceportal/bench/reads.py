"""The reads that partners' programs make most, beside bare views: the 95th percentile of each, taken in turns.

A read is measured whole, from the request to the last byte of its answer, within one process: its token, its limit in
Valkey, its scope, its log, what it tells. A bare view goes through the same middleware, asks one indexed
query, and gives the row or the fifty rows of it by a serializer; it knows nobody, counts nothing and logs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates.models import Candidate, Certification, User
from catalog.models import Item, Provider, ProviderMember
from catalog.services import authorise_provider
from ceportal.bench.holders import enroll_holders
from ceportal.bench.measure import Measure
from ceportal.kernel import clock
from ceportal.partner_api import scopes, services
from ceportal.urls import urlpatterns as portal
from credits.models import Claim
from credits.services import claims

CALLS, WARM_UP = 400, 40  # of each
CLAIMS, PAGE = 60, 50
AT_MOST = 3.0
PDF = b"%PDF-1.4 certificate of completion\n%%EOF\n"


class BareCertification(serializers.ModelSerializer[Certification]):
    """A certification, as its row has it."""

    class Meta:
        model = Certification
        fields = ("number", "status", "first_certified_on", "active_ends_on", "inactive_on")


class BareClaim(serializers.ModelSerializer[Claim]):
    """A claim, as its row has it."""

    class Meta:
        model = Claim
        fields = (
            "number", "status", "candidate", "item", "delivery", "completed_on", "credits", "kit", "note",
            "submitted_on", "submitted_at", "answer_due_on", "decided_at", "reason", "decision",
        )  # fmt: skip


class BareView(APIView):
    """One indexed query, and its rows."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []


class OneBareCertification(BareView):
    """A row by its number."""

    def get(self, _request: Request, number: str) -> Response:
        return Response(BareCertification(Certification.objects.get(number=number)).data)


class FiftyBareClaims(BareView):
    """The claims of a provider that wait the longest."""

    def get(self, _request: Request, provider: int) -> Response:
        rows = Claim.objects.filter(provider_id=provider, status=Claim.Status.SUBMITTED).order_by("submitted_at")
        return Response(BareClaim(rows[:PAGE], many=True).data)


urlpatterns = [
    *portal[:1],  # the API, which is looked up first; the bare views right behind it
    path("bare/certifications/<str:number>", OneBareCertification.as_view()),
    path("bare/claims/<int:provider>", FiftyBareClaims.as_view()),
    *portal[1:],
]


def run(*, var: Path) -> list[Measure]:
    """Make people and claims in the current, migrated database, and read them."""
    from ceportal.devstack.valkey import ValkeyServer

    valkey = ValkeyServer(var / "valkey", log=var / "valkey.log", durable=False)
    service = valkey.start()
    caches = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": valkey.url()}}
    try:
        with override_settings(
            CACHES=caches,
            REDIS_URL=valkey.url(),
            ROOT_URLCONF=__name__,
            MEDIA_ROOT=str(var / "media"),
            ALLOWED_HOSTS=["*"],
        ):
            call_command("load_reference", "--quiet")
            import_module("ceportal.wsgi")  # garbage is collected as in the web server
            return _measure()
    finally:
        service.stop()


def _measure() -> list[Measure]:
    people = enroll_holders("READS", 2_000, certified_on=clock.day_of(clock.now()) - timedelta(days=200))
    member = _member()
    _hand_in(people[:CLAIMS], member)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    provider = _program(scopes.PROVIDER, member.provider.code, member.user_id)
    verifier = _program(scopes.VERIFIER, "bench-verifier", member.user_id)
    numbers = [f"{person.number}-CCIE" for person in people]
    names = {f"{person.number}-CCIE": person.name for person in people}

    def status(turn: int) -> Any:
        number = numbers[turn % len(numbers)]
        return verifier.get(f"/api/v1/statuses/{number}", {"name": names[number]})

    def bare_status(turn: int) -> Any:
        return verifier.get(f"/bare/certifications/{numbers[turn % len(numbers)]}")

    def page(_turn: int) -> Any:
        return provider.get(f"/api/v1/claims?status=submitted&page_size={PAGE}")

    def bare_page(_turn: int) -> Any:
        return provider.get(f"/bare/claims/{member.provider_id}")

    return [*_beside("status of a candidate", status, bare_status), *_beside("page of 50 claims", page, bare_page)]


def _beside(name: str, read: Callable[[int], Any], bare: Callable[[int], Any]) -> list[Measure]:
    taken: dict[Callable[[int], Any], list[float]] = {read: [], bare: []}
    for turn in range(WARM_UP + CALLS):
        for call in (read, bare) if turn % 2 else (bare, read):
            began = time.perf_counter()
            answer = call(turn)
            seconds = time.perf_counter() - began
            if answer.status_code != 200:
                raise SystemExit(f"{name}: {answer.status_code} {answer.content[:300]}")
            if turn >= WARM_UP:
                taken[call].append(seconds)
    whole, least = (quantiles(taken[call], n=20)[-1] for call in (read, bare))
    return [
        Measure(f"{name}, 95 of 100 within", 1_000_000 * whole, "microseconds", whole / least, at_most=AT_MOST),
        Measure(f"bare view of the same, {CALLS} calls each", 1_000_000 * least, "microseconds", 1.0),
    ]


# ── The world ─────────────────────────────────────────────────────────────────────────────────────
def _member() -> ProviderMember:
    now = clock.now()
    provider = Provider.objects.create(code="bench-reads", name="Bench Reads", created_at=now)
    authorise_provider(
        provider_id=provider.pk,
        item_id=Item.objects.get(code="ilt-40").pk,
        starts_on=clock.day_of(now) - timedelta(days=400),
        now=now,
    )
    user = User.objects.create_user(email="reads@example.org", name="Bench")
    return ProviderMember.objects.create(provider=provider, user=user)


def _hand_in(people: list[Candidate], member: ProviderMember) -> None:
    """A claim of each, with a file, that waits for its decision."""
    now = clock.now()
    completed_on: date = clock.day_of(now) - timedelta(days=10)
    item = Item.objects.get(code="ilt-40")
    for person in people:
        form = claims.ClaimForm(
            item_id=item.pk, provider_id=member.provider_id, completed_on=completed_on, kit="digital"
        )
        claim = claims.save_draft(candidate_id=person.pk, form_key=uuid4(), form=form, now=now)
        claims.attach_evidence(candidate_id=person.pk, claim_id=claim.pk, name="c.pdf", content=PDF, now=now)
        claims.submit_claim(candidate_id=person.pk, claim_id=claim.pk, now=now)


def _program(kind: str, tenant: str, responsible_id: int) -> Client:
    issued = services.register_application(
        name="Bench",
        kind=kind,
        tenant=tenant,
        responsible_id=responsible_id,
        allowed=sorted(scopes.of_kind(kind)),
        now=clock.now(),
        calls_per_minute=1_000_000,
    )
    asked = {
        "grant_type": "client_credentials", "client_id": issued.client_id, "client_secret": issued.secret,
    }  # fmt: skip
    token = Client().post("/oauth/token", asked).json()["access_token"]
    return Client(headers={"Authorization": f"Bearer {token}"})
