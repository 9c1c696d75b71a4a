"""The API of channel partners and verifiers: statuses that anyone may verify or a holder shares, and own experts.

Nothing is told that the page does not tell: a certification by its number and its holder's name, or by a link that its
holder made (CERT-09); of experts, those associated with the partner or waiting to be (CERT-07). Of whom nothing may be
told is answered like somebody who never was. Whoever is told about is told who read it (CAND-09).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import CharField, Exists, F, Model, OuterRef, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, Throttled
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from candidates import attempts, verification
from candidates.api import DayQuerySerializer
from candidates.models import Affiliation, Certification, ChannelPartner, PartnerMember, Track
from candidates.partner_pages import expert_of, live_affiliations
from candidates.rules import COUNTING
from candidates.services.accesses import access_to
from candidates.verification import TOKEN, Answer
from ceportal.kernel import clock
from ceportal.kernel.answers import Pages
from ceportal.kernel.prepared import Place, Prepared
from ceportal.partner_api.etags import tagged
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.models import Application
from ceportal.partner_api.views import ApiView

LINKS_AT_MOST = 50  # in one question
WRONG_AT_MOST = 30  # questions by number that were wrong, of one partner in a quarter of an hour: as on the page

STATUS_EXAMPLE = {
    "number": "CE10000001-CCIE-SECURITY",
    "name": "Alice Okafor",
    "track": "ccie-security",
    "track_name": "CCIE Security",
    "status": "active",
    "counts": True,
    "first_certified_on": "2019-05-06",
    "active_ends_on": "2028-05-06",
    "inactive_on": None,
    "emeritus_until": None,
    "revoked_on": None,
}
AFFILIATION_EXAMPLE = {
    "id": 17,
    "candidate": "CE10000001",
    "name": "Alice Okafor",
    "country": "BE",
    "state": "in_force",
    "requested_on": None,
    "since": "2026-02-02",
    "status": "active",
    "counts": True,
}


PARTNERS = Prepared("channel_partner_of_code", lambda: ChannelPartner.objects.filter(code=Place("code", CharField())))


class VerifierView(ApiView):
    """A view for programs of a channel partner or verifier; whom they read about can see it."""

    @property
    def application(self) -> Application:
        """The program that calls."""
        application = self.caller.application
        assert application is not None  # the scopes of verifiers are given to applications only
        return application

    def note_seen(self, seen: Collection[Any], about: type[Model]) -> None:
        """Write down with the call who is about to be told about, in one row: certifications or affiliations."""
        partners = PARTNERS.ask(code=self.application.tenant)
        access = access_to(
            [each.candidate_id for each in seen],
            about._meta.label_lower,
            [each.pk for each in seen],
            user_id=self.application.responsible_id,
            page=self.request.path,
            now=self.now,
            partner=partners[0].name if partners else f"{self.application.tenant} ({self.application.name})",
        )
        if access is not None:
            self.noted.append(access)


# ── Statuses ──────────────────────────────────────────────────────────────────────────────────────
class StatusSerializer(SparseFields, serializers.Serializer[Answer]):
    """A certification as the page of verification tells it (CERT-09): of the dates, those that its status has."""

    number = serializers.CharField()
    name = serializers.CharField(help_text="The holder's.")
    track = serializers.SlugField(source="track_code", help_text="The track's code.")
    track_name = serializers.CharField(source="track")
    status = serializers.ChoiceField(choices=Certification.Status.choices)
    counts = serializers.BooleanField(
        help_text="Whether it counts as active, toward partner levels too: Emeritus and grace do not (EMR-15)."
    )
    first_certified_on = serializers.DateField()
    active_ends_on = serializers.DateField(allow_null=True, help_text="Where it is active; null then: for life.")
    inactive_on = serializers.DateField(allow_null=True, help_text="Where it is suspended, in grace or inactive.")
    emeritus_until = serializers.DateField(allow_null=True, help_text="Where it is Emeritus.")
    revoked_on = serializers.DateField(allow_null=True, help_text="Where it is revoked (CERT-10).")

    def to_representation(self, instance: Answer) -> dict[str, Any]:
        told = super().to_representation(instance)
        hidden = set(DATE_OF.values()) - {DATE_OF.get(instance.status)}
        return {name: None if name in hidden else value for name, value in told.items()}


DATE_OF = {
    "active": "active_ends_on",
    "suspended": "inactive_on",
    "grace": "inactive_on",
    "inactive": "inactive_on",
    "emeritus": "emeritus_until",
    "revoked": "revoked_on",
}


class StatusesQuerySerializer(DayQuerySerializer):
    """Which certifications."""

    link = serializers.ListField(
        child=serializers.CharField(max_length=200),
        min_length=1,
        max_length=LINKS_AT_MOST,
        help_text="The last part of the address of a link that a holder shared; up to 50 of them.",
    )
    status = serializers.ChoiceField(choices=Certification.Status.choices, required=False)
    track = serializers.SlugField(required=False, help_text="The track's code.")
    counts = serializers.BooleanField(required=False, allow_null=True, default=None)


class NameQuerySerializer(serializers.Serializer[Any]):
    """Whose certification it is."""

    name = serializers.CharField(max_length=150, help_text="In full; capitals and accents do not matter.")


class ByNumber(Pages):
    """The order of statuses."""

    ordering = ("number",)


@extend_schema_view(
    get=extend_schema(
        operation_id="statuses",
        tags=["statuses"],
        parameters=[StatusesQuerySerializer],
        examples=[OpenApiExample("an active expert", value=STATUS_EXAMPLE, response_only=True)],
    )
)
class Statuses(VerifierView, ListAPIView[Certification]):
    """The certifications that holders show by links, by number, as they stood on a day since each link was made.

    A link that was withdrawn or has run out shows nothing of any day, as one that never was.
    """

    scopes = {"GET": "statuses:read"}
    serializer_class: Any = StatusSerializer  # of what is told of the certifications that are paged
    pagination_class = ByNumber

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        asked, today = self.asked(StatusesQuerySerializer), clock.day_of(self.now)
        tokens = {token for token in asked["link"] if TOKEN.fullmatch(token)}
        shown = verification.by_tokens(tokens=tokens, day=today, as_of=asked.get("as_of", today))
        matching = [pk for pk, answer in shown.items() if _matches(answer, asked)]
        page = self.paginate_queryset(Certification.objects.filter(pk__in=matching)) or []
        told = self.get_serializer([shown[each.pk] for each in page], many=True).data
        self.note_seen(page, Certification)
        return self.get_paginated_response(told)


def _matches(answer: Answer, asked: dict[str, Any]) -> bool:
    return (
        asked.get("status") in (None, answer.status)
        and asked.get("track") in (None, answer.track_code)
        and asked["counts"] in (None, answer.counts)
    )


class OneStatus(VerifierView):
    """A certification by its number and the name of its holder."""

    scopes = {"GET": "statuses:read"}

    @extend_schema(
        operation_id="status",
        tags=["statuses"],
        parameters=[NameQuerySerializer],
        responses=StatusSerializer,
        examples=[OpenApiExample("an active expert", value=STATUS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, number: str) -> Response:
        """What it is today. 404 where the two do not belong together; too many such questions have to wait."""
        name = self.asked(NameQuerySerializer)["name"]
        counted = f"{self.application.kind}:{self.application.tenant}"
        if again := attempts.next_try_at("verify", counted, now=self.now, at_most=WRONG_AT_MOST):
            raise Throttled(wait=max(1, (again - self.now).total_seconds()))
        held = verification.held_under(number=number, name=name)
        answer = verification.answer_for(held, clock.day_of(self.now)) if held else None
        if held is None or answer is None:
            raise Http404
        attempts.take_back("verify", counted, now=self.now)
        response = tagged("status", StatusSerializer, answer, request)
        self.note_seen([held.certification], Certification)
        return response


# ── Affiliations ──────────────────────────────────────────────────────────────────────────────────
class AffiliationSerializer(SparseFields, serializers.ModelSerializer[Affiliation]):
    """An expert associated with the partner, or who asks to be: name, number and status, as on the partner's page."""

    candidate = serializers.CharField(source="candidate.number", help_text="The candidate's number.")
    name = serializers.CharField(source="candidate.name")
    country = serializers.CharField(help_text="Where it counts.")
    state = serializers.ChoiceField(source="status", choices=[("requested", "requested"), ("in_force", "in force")])
    requested_on = serializers.SerializerMethodField(help_text="Of a request that waits.")
    since = serializers.DateField(source="starts_on", allow_null=True)
    status = serializers.SerializerMethodField(help_text="At expert level, the best of them; empty: none is held.")
    counts = serializers.SerializerMethodField(
        help_text="Whether they count for the partner's level once associated: active only (EMR-15)."
    )

    class Meta:
        model = Affiliation
        fields = ("id", "candidate", "name", "country", "state", "requested_on", "since", "status", "counts")
        read_only_fields = fields

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_requested_on(self, affiliation: Affiliation) -> Any:
        return clock.day_of(affiliation.requested_at) if affiliation.status == Affiliation.Status.REQUESTED else None

    def get_status(self, affiliation: Affiliation) -> str:
        return expert_of(affiliation).status

    def get_counts(self, affiliation: Affiliation) -> bool:
        return expert_of(affiliation).counts


class AffiliationQuerySerializer(serializers.Serializer[Any]):
    """Which experts; left out, a parameter asks for nothing."""

    state = serializers.ChoiceField(choices=["requested", "in_force"], required=False)
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False, help_text="ISO 3166, such as BE.")
    counts = serializers.BooleanField(required=False, allow_null=True, default=None)


class AffiliationView(VerifierView):
    """A view for programs of a channel partner, in the name of somebody who acts for it."""

    scopes = {"GET": "affiliations:read"}
    partner_id: int

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        member = PartnerMember.objects.filter(
            active=True, user_id=self.application.responsible_id, partner__code=self.application.tenant
        ).first()
        if member is None:
            raise PermissionDenied(
                _(
                    "Whoever answers for this program does not act for a channel partner of this code. "
                    "The programme's staff name somebody else."
                )
            )
        self.partner_id = member.partner_id

    def own(self) -> QuerySet[Affiliation]:
        """The partner's own; of whom nothing is held any more is not among them."""
        found = live_affiliations(self.partner_id).filter(candidate__erased_at__isnull=True)
        return found.annotate(name=F("candidate__name"))


class ByName(Pages):
    """The order of experts."""

    ordering = ("name", "id")


@extend_schema_view(
    get=extend_schema(
        operation_id="affiliations",
        tags=["affiliations"],
        parameters=[AffiliationQuerySerializer],
        examples=[OpenApiExample("an expert who counts", value=AFFILIATION_EXAMPLE, response_only=True)],
    )
)
class Affiliations(AffiliationView, ListAPIView[Affiliation]):
    """The experts associated with the partner and those who ask to be, by name; who has left is not there any more."""

    serializer_class = AffiliationSerializer
    pagination_class = ByName

    def get_queryset(self) -> QuerySet[Affiliation]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Affiliation.objects.none()
        asked, found = self.asked(AffiliationQuerySerializer), self.own()
        if "state" in asked:
            found = found.filter(status=asked["state"])
        if "country" in asked:
            found = found.filter(country=asked["country"])
        if asked["counts"] is not None:
            counting = Certification.objects.filter(
                candidate_id=OuterRef("candidate_id"), track__level=Track.Level.EXPERT, status__in=COUNTING
            )
            found = found.filter(Exists(counting) if asked["counts"] else ~Exists(counting))
        return found

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.note_seen(page or [], Affiliation)
        return page


class OneAffiliation(AffiliationView):
    """One of the partner's experts."""

    @extend_schema(
        operation_id="affiliation",
        tags=["affiliations"],
        responses=AffiliationSerializer,
        examples=[OpenApiExample("an expert who counts", value=AFFILIATION_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, affiliation_id: int) -> Response:
        """The expert. 404 for another partner's, and once the association has ended."""
        found = self.own().filter(pk=affiliation_id).first()
        if found is None:
            raise Http404
        response = tagged("affiliation", AffiliationSerializer, found, request)
        self.note_seen([found], Affiliation)
        return response
