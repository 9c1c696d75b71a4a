"""The API of the credit programme: a candidate's balance and claims. Read-only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from candidates.api import CandidateView, DayQuerySerializer
from ceportal.kernel import clock
from ceportal.kernel.answers import DecisionSerializer, KeptDecisions, Pages
from ceportal.partner_api.fields import SparseFields
from credits import queries
from credits.models import Claim


class BalanceQuerySerializer(DayQuerySerializer):
    """Of which day the balance is asked, and by what was known when."""

    known_at = serializers.DateTimeField(
        required=False, help_text="A moment up to now; left out, now. What was entered later is not looked at."
    )

    def validate_known_at(self, known_at: Any) -> Any:
        if known_at > clock.now():
            raise serializers.ValidationError(_("What will be known at a moment to come is not known yet."))
        return known_at


class BalanceSerializer(serializers.Serializer[Any]):
    """What stood at the end of a day in the cycle that ran then, and what had become of the rest. Credits."""

    as_of = serializers.DateField()
    available = serializers.IntegerField()
    earned = serializers.IntegerField()
    used = serializers.IntegerField()
    expired = serializers.IntegerField()
    voided = serializers.IntegerField()
    cut = serializers.IntegerField()


class MyCredits(CandidateView):
    """One's own balance."""

    scopes = {"GET": "me:credits"}

    @extend_schema(
        operation_id="my_credits", tags=["me"], parameters=[BalanceQuerySerializer], responses=BalanceSerializer
    )
    def get(self, _request: Request) -> Response:
        """The balance at the end of a day, by what was known at a moment (CR-07)."""
        asked = self.asked(BalanceQuerySerializer)
        now = self.now
        as_of = asked.get("as_of", clock.day_of(now))
        known_at = asked.get("known_at", now)
        balance = queries.balance_as_of(self.candidate.pk, day=as_of, known_at=known_at)
        return Response(BalanceSerializer({"as_of": as_of, **asdict(balance)}).data)


def decision_on(claim: Claim, decisions: KeptDecisions) -> dict[str, Any] | None:
    """The decision on a claim or, while it waits, the one with which it was accepted for review.

    `decisions` are those of the same answer, whose claims share most of their findings.
    """
    kept = claim.checked if claim.status == Claim.Status.SUBMITTED else claim.decision
    return decisions.answer(kept) if kept else None


class ClaimSerializer(SparseFields, serializers.Serializer[Any]):
    """A claim, with the decision on it or, while it waits, the one with which it was accepted for review."""

    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Claim.Status.choices)
    item = serializers.SlugField(source="item.code", allow_null=True, default=None)
    item_title = serializers.CharField(source="item.title", allow_null=True, default=None)
    provider = serializers.SlugField(source="provider.code", allow_null=True, default=None)
    completed_on = serializers.DateField(allow_null=True)
    credits = serializers.IntegerField(allow_null=True)
    submitted_on = serializers.DateField(allow_null=True)
    answer_due_on = serializers.DateField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="The provider's words where it returned or rejected the claim.")
    decision = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer(allow_null=True))
    def get_decision(self, claim: Any) -> Any:
        return decision_on(claim, self.context.setdefault("decisions", KeptDecisions()))


class LatestFirst(Pages):
    """The order of a candidate's claims."""

    ordering = ("-created_at", "-id")


@extend_schema_view(get=extend_schema(operation_id="my_claims", tags=["me"]))
class MyClaims(CandidateView, ListAPIView[Claim]):
    """One's own claims, drafts included, the latest first."""

    scopes = {"GET": "me:claims"}
    serializer_class = ClaimSerializer
    pagination_class = LatestFirst

    def get_queryset(self) -> QuerySet[Claim]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a candidate
            return Claim.objects.none()
        return Claim.objects.filter(candidate=self.candidate).select_related("item", "provider")
