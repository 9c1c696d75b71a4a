"""The API of what content providers offer: their items with what each is worth, and what they propose (CAT-02, CAT-07).

The board decides what is listed; a program sees it, and proposes in the name of its member, by the form of the page.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from catalog import queries
from catalog.models import Authorisation, Item, Listing, Proposal
from catalog.provider_api import ProviderView
from catalog.provider_forms import ProposalEntryForm
from catalog.services import proposals
from ceportal.kernel import clock
from ceportal.kernel.answers import DecisionSerializer, Pages, decision_answer
from ceportal.partner_api.etags import etag_of, give_etag, require_match, tagged
from ceportal.partner_api.fields import SparseFields

PROPOSAL_EXAMPLE = {
    "code": "routing-under-stress",
    "title": "Routing Protocols Under Stress",
    "kind": "workshop",
    "credits": 16,
    "hours": 16,
    "technology": "Enterprise",
    "language": "en",
    "summary": "Two days of breaking a network of forty routers, and of finding out why.",
}


# ── What the provider offers ──────────────────────────────────────────────────────────────────────
class ListingSerializer(serializers.ModelSerializer[Listing]):
    """What an item is worth from its first day up to, and not on, its end day (CAT-01, CAT-02)."""

    class Meta:
        model = Listing
        fields = ("credits", "starts_on", "ends_on")
        read_only_fields = fields


class AuthorisationSerializer(serializers.ModelSerializer[Authorisation]):
    """The provider may deliver the item from the first day up to, and not on, the end day (CAT-07)."""

    class Meta:
        model = Authorisation
        fields = ("starts_on", "ends_on")
        read_only_fields = fields


class OfferingSerializer(SparseFields, serializers.ModelSerializer[Item]):
    """An item that the provider was ever authorised to deliver, as it is on a day."""

    credits = serializers.IntegerField(
        source="credits_today", allow_null=True, help_text="What it is worth on the day; null: it is not listed."
    )
    authorised = serializers.SerializerMethodField(help_text="Whether the provider may deliver it on the day.")
    listings = ListingSerializer(many=True, source="listings_ever", help_text="All of them, the first one first.")
    authorisations = AuthorisationSerializer(
        many=True, source="own_authorisations", help_text="The provider's own, the first one first."
    )

    class Meta:
        model = Item
        fields = (
            "code",
            "title",
            "kind",
            "technology",
            "language",
            "hours",
            "credits",
            "authorised",
            "listings",
            "authorisations",
        )
        read_only_fields = fields

    def get_authorised(self, item: Any) -> bool:
        return bool(item.authorised)


class OfferingDaySerializer(serializers.Serializer[Any]):
    """Of which day something is asked."""

    as_of = serializers.DateField(required=False, help_text="Any day, also one to come; left out, today.")


class OfferingQuerySerializer(OfferingDaySerializer):
    """Which items; left out, a parameter asks for nothing."""

    kind = serializers.ChoiceField(choices=Item.Kind.choices, required=False)
    listed = serializers.BooleanField(required=False, allow_null=True, default=None)
    authorised = serializers.BooleanField(required=False, allow_null=True, default=None)


class ByTitle(Pages):
    """The catalog's order."""

    ordering = ("title", "id")


class OfferingView(ProviderView):
    """A view of the provider's items."""

    scopes = {"GET": "catalog:read"}

    def offerings(self, day: date) -> QuerySet[Item]:
        """The provider's items, each with what it is worth and whether it is the provider's to deliver on a day."""
        own = Authorisation.objects.filter(provider=self.member.provider_id).order_by("starts_on")
        running = own.filter(queries.running_on(day), item_id=OuterRef("pk")).order_by()
        found = queries.with_credits_on(queries.items_of_provider(self.member.provider_id), day)
        return found.annotate(authorised=Exists(running)).prefetch_related(
            Prefetch("listings", Listing.objects.order_by("starts_on"), to_attr="listings_ever"),
            Prefetch("authorisations", own, to_attr="own_authorisations"),
        )


@extend_schema_view(
    get=extend_schema(operation_id="offerings", tags=["offerings"], parameters=[OfferingQuerySerializer])
)
class Offerings(OfferingView, ListAPIView[Item]):
    """The items that the provider is, was or will be authorised to deliver, by title."""

    serializer_class = OfferingSerializer
    pagination_class = ByTitle

    def get_queryset(self) -> QuerySet[Item]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Item.objects.none()
        asked = self.asked(OfferingQuerySerializer)
        found: Any = self.offerings(asked.get("as_of", clock.day_of(self.now)))
        if "kind" in asked:
            found = found.filter(kind=asked["kind"])
        if asked["listed"] is not None:
            found = found.filter(credits_today__isnull=not asked["listed"])
        if asked["authorised"] is not None:
            found = found.filter(authorised=asked["authorised"])
        narrowed: QuerySet[Item] = found
        return narrowed


class OneOffering(OfferingView):
    """One of the provider's items."""

    @extend_schema(
        operation_id="offering", tags=["offerings"], parameters=[OfferingDaySerializer], responses=OfferingSerializer
    )
    def get(self, request: Request, code: str) -> Response:
        """The item. 404 for one that the provider was never authorised to deliver."""
        day = self.asked(OfferingDaySerializer).get("as_of", clock.day_of(self.now))
        found = self.offerings(day).filter(code=code).first()
        if found is None:
            raise Http404
        return tagged("offering", OfferingSerializer, found, request)


# ── What the provider proposes ────────────────────────────────────────────────────────────────────
class ProposalSerializer(SparseFields, serializers.ModelSerializer[Proposal]):
    """An item that the provider asks the board to list, and the board's answer (CAT-02)."""

    code = serializers.SlugField(max_length=60, help_text="Of your choice; small letters are made of capitals.")
    hours = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=999)
    credits = serializers.IntegerField(
        min_value=0, max_value=999, help_text="What you think it is worth; the board decides."
    )
    summary = serializers.CharField(max_length=2000)
    proposed_on = serializers.SerializerMethodField()
    answered_on = serializers.SerializerMethodField(help_text="By the board, or withdrawn.")
    review = serializers.CharField(
        source="review.quarter", read_only=True, default=None, allow_null=True, help_text="In which it was answered."
    )
    reason = serializers.CharField(source="answer", read_only=True, help_text="Why the board declined it.")
    listed_as = serializers.CharField(
        source="decision.item.code", read_only=True, default=None, allow_null=True, help_text="The item's code."
    )
    listed_from = serializers.DateField(source="decision.effective_on", read_only=True, default=None, allow_null=True)
    listed_credits = serializers.IntegerField(source="decision.credits", read_only=True, default=None, allow_null=True)

    class Meta:
        model = Proposal
        fields = (
            "id", "code", "title", "kind", "credits", "hours", "technology", "language", "summary",
            "registration_number", "approval_number", "status", "proposed_on", "answered_on", "review", "reason",
            "listed_as", "listed_from", "listed_credits",
        )  # fmt: skip
        read_only_fields = ("id", "status")

    @extend_schema_field(serializers.DateField())
    def get_proposed_on(self, proposal: Proposal) -> date:
        return clock.day_of(proposal.proposed_at)

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_answered_on(self, proposal: Proposal) -> date | None:
        return clock.day_of(proposal.answered_at) if proposal.answered_at else None


class ProposedSerializer(ProposalSerializer):
    """A proposal that was made, with all that it was looked at for."""

    decision = serializers.SerializerMethodField()

    class Meta(ProposalSerializer.Meta):
        fields = (*ProposalSerializer.Meta.fields, "decision")  # type: ignore[assignment]

    @extend_schema_field(DecisionSerializer)
    def get_decision(self, _proposal: Proposal) -> Any:
        return self.context["decision"]


class ProposalQuerySerializer(serializers.Serializer[Any]):
    """Which proposals; left out, a parameter asks for nothing."""

    status = serializers.ChoiceField(choices=Proposal.Status.choices, required=False)


class LatestFirst(Pages):
    """The order of proposals."""

    ordering = ("-id",)


class ProposalView(ProviderView):
    """A view of the provider's proposals."""

    def proposals(self) -> QuerySet[Proposal]:
        """The provider's proposals, with the board's answers."""
        own = Proposal.objects.filter(provider=self.member.provider_id)
        return own.select_related("review", "decision__item")

    def proposal(self, proposal_id: int) -> Proposal:
        """A proposal of the provider; 404 for another's."""
        found = self.proposals().filter(pk=proposal_id).first()
        if found is None:
            raise Http404
        return found


@extend_schema_view(
    get=extend_schema(operation_id="proposals", tags=["proposals"], parameters=[ProposalQuerySerializer])
)
class Proposals(ProposalView, ListAPIView[Proposal]):
    """What the provider proposed to the board, the latest first."""

    scopes = {"GET": "catalog:read", "POST": "catalog:propose"}
    serializer_class = ProposalSerializer
    pagination_class = LatestFirst

    def get_queryset(self) -> QuerySet[Proposal]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Proposal.objects.none()
        asked = self.asked(ProposalQuerySerializer)
        return self.proposals().filter(**asked)

    @extend_schema(
        operation_id="propose_item",
        tags=["proposals"],
        request=ProposalSerializer,
        responses={201: ProposedSerializer},
        examples=[OpenApiExample("a workshop", value=PROPOSAL_EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Ask the board to list a training. Refused with what the board would ask (CAT-02 to CAT-06).

        Only a manager of the provider speaks for it: so must be whoever answers for the program.
        """
        shape = ProposalSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        form = ProposalEntryForm({"language": "en", **shape.validated_data})
        if not form.is_valid():
            raise serializers.ValidationError({name: list(map(str, said)) for name, said in form.errors.items()})
        proposed = form.as_proposal()
        decision = proposals.assess(member=self.member, form=proposed, now=self.now)
        made = proposals.propose_item(member_id=self.member.pk, form_key=uuid4(), form=proposed, now=self.now)
        told = ProposedSerializer(self.proposal(made.pk), context={"decision": decision_answer(decision)}).data
        response = Response(told, status=201)
        response["Location"] = reverse("api:proposal", args=[made.pk], request=request)
        return give_etag(response, _etag(self.proposal(made.pk)))


class OneProposal(ProposalView):
    """One of the provider's proposals."""

    scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="proposal", tags=["proposals"], responses=ProposalSerializer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """The proposal, with the ETag that its withdrawal asks for."""
        return tagged("proposal", ProposalSerializer, self.proposal(proposal_id), request)


class ProposalWithdrawal(ProposalView):
    """The end of a proposal by its provider."""

    scopes = {"POST": "catalog:propose"}
    needs_if_match = ("POST",)

    @extend_schema(operation_id="withdraw_proposal", tags=["proposals"], request=None, responses=ProposalSerializer)
    def post(self, request: Request, proposal_id: int) -> Response:
        """Take the proposal back. Refused once the board has answered (CAT-02); twice is once."""
        # Locked before it is compared, so that it stays as the caller saw it until it is withdrawn.
        proposals.lock_own_proposal(member_id=self.member.pk, proposal_id=self.proposal(proposal_id).pk)
        require_match(request, _etag(self.proposal(proposal_id)))
        proposals.withdraw_proposal(member_id=self.member.pk, proposal_id=proposal_id, now=self.now)
        withdrawn = self.proposal(proposal_id)
        return give_etag(Response(ProposalSerializer(withdrawn).data), _etag(withdrawn))


def _etag(proposal: Proposal) -> str:
    return etag_of("proposal", ProposalSerializer(proposal).data)
