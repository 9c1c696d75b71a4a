"""The API of content providers: the claims made to them, their evidence, and the decision on each (CE-10, CE-11)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.provider_api import ProviderView
from ceportal.kernel.answers import DecisionSerializer, KeptDecisions, Pages
from ceportal.kernel.served_files import serve
from ceportal.partner_api.etags import etag_of, give_etag, require_match
from ceportal.partner_api.fields import SparseFields
from credits.api import decision_on
from credits.models import Claim
from credits.reading.provider_overview import claims_of
from credits.rules.claims import OUTCOMES
from credits.services import reviews

HANDED_IN = [choice for choice in Claim.Status.choices if choice[0] != Claim.Status.DRAFT]


class ClaimantSerializer(serializers.Serializer[Any]):
    """Whose claim it is."""

    number = serializers.CharField()
    name = serializers.CharField()


class EvidenceSerializer(serializers.Serializer[Any]):
    """A file handed in with a claim (CE-11)."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="original_name")
    kind = serializers.CharField(help_text="Its media type.")
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    address = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.URI)
    def get_address(self, evidence: Any) -> str:
        before, between = _evidence_path()
        request: Request = self.context["request"]
        return request.build_absolute_uri(f"{before}{evidence.claim.number}{between}{evidence.pk}")


@cache
def _evidence_path() -> tuple[str, str]:
    """The parts of a file's address around the claim's number and its own id; found once, not for every file."""
    before, between = reverse("api:claim_evidence", args=["-number-", 0]).removesuffix("0").split("-number-")
    return before, between


class ProviderClaimSerializer(SparseFields, serializers.Serializer[Any]):
    """A claim made to the provider, as its members see it."""

    number = serializers.CharField()
    status = serializers.ChoiceField(choices=HANDED_IN)
    candidate = ClaimantSerializer()
    item = serializers.SlugField(source="item.code")
    delivery = serializers.CharField(source="delivery.code", allow_null=True, default=None)
    completed_on = serializers.DateField()
    credits = serializers.IntegerField()
    kit = serializers.ChoiceField(choices=Claim.Kit.choices)
    note = serializers.CharField()
    submitted_on = serializers.DateField()
    submitted_at = serializers.DateTimeField(help_text="Of the last time that it was handed in.")
    answer_due_on = serializers.DateField(help_text="The day by which the candidate was promised an answer (CE-10).")
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    decision = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer(allow_null=True))
    def get_decision(self, claim: Any) -> Any:
        return decision_on(claim, self.context.setdefault("decisions", KeptDecisions()))

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, claim: Any) -> Any:
        if "files" not in self.context:  # one for all claims of the answer: to make one takes longer than to use it
            self.context["files"] = EvidenceSerializer(context={"request": self.context["request"]})
        return [self.context["files"].to_representation(each) for each in claim.kept_evidence]


class ClaimsQuerySerializer(serializers.Serializer[Any]):
    """Which claims; left out, a parameter asks for nothing."""

    status = serializers.ChoiceField(choices=HANDED_IN, required=False)
    item = serializers.SlugField(required=False, help_text="The code of an item.")
    delivery = serializers.CharField(required=False, help_text="The code of one of the provider's deliveries.")
    submitted_since = serializers.DateTimeField(required=False, help_text="Handed in (again) at this moment or later.")


class LongestWaitFirst(Pages):
    """The order of a provider's claims: as they were handed in."""

    ordering = ("submitted_at", "id")


FILTERS = {
    "status": "status",
    "item": "item__code",
    "delivery": "delivery__code",
    "submitted_since": "submitted_at__gte",
}


@extend_schema_view(
    get=extend_schema(operation_id="provider_claims", tags=["claims"], parameters=[ClaimsQuerySerializer])
)
class ProviderClaims(ProviderView, ListAPIView[Claim]):
    """The claims made to the provider, those that wait the longest first."""

    scopes = {"GET": "claims:read"}
    serializer_class = ProviderClaimSerializer
    pagination_class = LongestWaitFirst

    def get_queryset(self) -> QuerySet[Claim]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Claim.objects.none()
        narrowed = {FILTERS[name]: value for name, value in self.asked(ClaimsQuerySerializer).items()}
        claims = claims_of(self.member.provider).filter(**narrowed)
        return claims.select_related(None).select_related("candidate", "item", "delivery")  # who decided is not told


class ProviderClaim(ProviderView):
    """One claim made to the provider."""

    scopes = {"GET": "claims:read"}

    @extend_schema(operation_id="provider_claim", tags=["claims"], responses=ProviderClaimSerializer)
    def get(self, request: Request, number: str) -> Response:
        """The claim, with the ETag that a decision on it asks for."""
        claim = self.claim(number)
        serializer = ProviderClaimSerializer(claim, context={"request": request})
        return give_etag(Response(serializer.data), _etag(claim))

    def claim(self, number: str) -> Claim:
        """A claim made to the provider; 404 for a draft, and for another provider's."""
        found = claims_of(self.member.provider).filter(number=number).first()
        if found is None:
            raise Http404
        return found


class DecisionRequestSerializer(serializers.Serializer[Any]):
    """What is decided, and why."""

    outcome = serializers.ChoiceField(choices=sorted(OUTCOMES))
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=2000,
        help_text="Told to the candidate; not for approvals.",
    )


class ClaimDecision(ProviderClaim):
    """The decision on a claim."""

    scopes = {"POST": "claims:decide"}
    needs_if_match = ("POST",)
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="decide_claim",
        tags=["claims"],
        request=DecisionRequestSerializer,
        responses=ProviderClaimSerializer,
        examples=[
            OpenApiExample("approve it", value={"outcome": "approve"}, request_only=True),
            OpenApiExample(
                "ask for more",
                value={"outcome": "return", "reason": "The certificate does not show your name."},
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request, number: str) -> Response:
        """Approve, return or reject the claim as it was read, or be refused with every reason (CE-10)."""
        given = DecisionRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        # Locked before it is compared, so that nobody hands it in anew between the look and the decision.
        reviews.lock_claim(self.claim(number).pk)
        claim = self.claim(number)
        require_match(request, _etag(claim))
        reviews.decide_claim(claim_id=claim.pk, member_id=self.member.pk, now=self.now, **given.validated_data)
        decided = self.claim(number)
        return give_etag(Response(ProviderClaimSerializer(decided, context={"request": request}).data), _etag(decided))


class ClaimEvidence(ProviderClaim):
    """A file handed in with a claim."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002 - DRF's
        # The file is of the kind that it is, whatever is asked for; problems are told as everywhere.
        return super().perform_content_negotiation(request, force=True)

    scopes = {"GET": "claims:read"}

    @extend_schema(
        operation_id="claim_evidence",
        tags=["claims"],
        responses={(200, kind): OpenApiTypes.BINARY for kind in ("application/pdf", "image/png", "image/jpeg")},
    )
    def get(self, _request: Request, number: str, evidence_id: int) -> FileResponse:  # type: ignore[override]  # a file
        """The file itself; 404 for what was taken back or destroyed, and for what an audit asked for (CE-12)."""
        kept = {evidence.pk: evidence for evidence in self.claim(number).kept_evidence}  # type: ignore[attr-defined]  # with_evidence
        evidence = kept.get(evidence_id)
        if evidence is None or evidence.destroyed_at is not None:
            raise Http404
        return serve(evidence.file, kind=evidence.kind, name=evidence.original_name)


def _etag(claim: Claim) -> str:
    """Changes when the claim comes back handed in anew, when it is decided, and when its files change."""
    files = [evidence.sha256 for evidence in claim.kept_evidence]  # type: ignore[attr-defined]  # with_evidence
    return etag_of("claim", claim.number, claim.status, claim.submitted_at, claim.decided_at, claim.reason, files)
