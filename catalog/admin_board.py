"""The board in the administration: its reviews with their agenda, and one act for each decision (CAT-02, CR-04)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import validate_slug
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from catalog import rules, services
from catalog.models import BoardDecision, BoardReview, Equivalence, Item, Proposal
from catalog.services.proposals import training_of
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.kernel.staff import ActForm, LongText, PartInline, RecordAdmin, do_act, findings

PROPOSAL_HUES = {"open": "info", "withdrawn": "default", "listed": "success", "declined": "danger"}


class DecisionForm(ActForm):
    """What the board decided about an item in a review (CAT-02)."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("list", gettext_lazy("List it")),
            ("change", gettext_lazy("Change what it is worth")),
            ("delist", gettext_lazy("Take it out of the catalog")),
        ],
    )
    credits = forms.IntegerField(
        label=gettext_lazy("Credits"),
        required=False,
        min_value=0,
        max_value=999,
        help_text=gettext_lazy("Left empty only where the item leaves the catalog."),
    )
    effective_on = forms.DateField(
        label=gettext_lazy("From"),
        help_text=gettext_lazy("The day of the review or later; a change and a leaving not before today."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300, widget=LongText(), strip=True
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("outcome") != "delist" and values.get("credits") is None and "credits" not in self.errors:
            self.add_error("credits", _("Say how many credits it is worth."))
        return values


class ItemDecisionForm(DecisionForm):
    """The same, begun from the item."""

    review = forms.ModelChoiceField(BoardReview.objects.all(), label=gettext_lazy("Decided in the review of"))
    field_order = ("outcome", "credits", "effective_on", "review", "reason")


class ReviewDecisionForm(DecisionForm):
    """The same, begun from the review."""

    item = forms.ModelChoiceField(Item.objects.order_by("code"), label=gettext_lazy("Training"))
    field_order = ("item", "outcome", "credits", "effective_on", "reason")


class EquivalenceForm(ActForm):
    """Two trainings that the board calls the same (CR-04)."""

    item = forms.ModelChoiceField(Item.objects.order_by("code"), label=gettext_lazy("Training"))
    same_as = forms.ModelChoiceField(Item.objects.order_by("code"), label=gettext_lazy("Counts as the same as"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300, widget=LongText(), strip=True
    )


class ReviewForm(ActForm):
    """The day of a quarterly review; the quarter follows from it (CAT-02)."""

    held_on = forms.DateField(label=gettext_lazy("Held on"))


class DecidedInline(PartInline):
    """What was decided in a review."""

    model = BoardDecision
    fields = ("item", "outcome", "credits", "effective_on", "reason", "decided_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("item", "decided_by")


class EquivalenceInline(PartInline):
    """What was called the same in a review."""

    model = Equivalence
    fields = ("item", "same_as", "reason", "decided_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("item", "same_as", "decided_by")


class AnsweredInline(PartInline):
    """What was answered in a review."""

    model = Proposal
    fields = ("title", "provider", "credits", "status", "answer")
    verbose_name_plural = gettext_lazy("answered proposals")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("provider")


@admin.register(BoardReview)
class BoardReviewAdmin(RecordAdmin):
    """The quarterly reviews, each with its agenda and what was decided in it."""

    list_display = ("quarter", "held_on", "decided", "answered")
    search_fields = ("quarter",)
    date_hierarchy = "held_on"
    fields = ("quarter", "held_on", "agenda")
    readonly_fields = ("agenda",)
    inlines = (DecidedInline, AnsweredInline, EquivalenceInline)
    actions_detail = ("decide", "mark_equivalent")

    def get_queryset(self, request: HttpRequest) -> Any:
        counted = Count("decisions", distinct=True)
        answered = Count("proposals", distinct=True)
        return super().get_queryset(request).annotate(decided_count=counted, answered_count=answered)

    @display(description=gettext_lazy("decisions"))
    def decided(self, review: Any) -> int:
        return int(review.decided_count)

    @display(description=gettext_lazy("answered proposals"))
    def answered(self, review: Any) -> int:
        return int(review.answered_count)

    @display(description=gettext_lazy("agenda"))
    def agenda(self, review: BoardReview) -> SafeString:
        """The proposals that wait and came in time for this review, each with its two answers."""
        waiting = (
            Proposal.objects.filter(status=Proposal.Status.OPEN).select_related("provider").order_by("proposed_at")
        )
        in_time = [each for each in waiting if clock.day_of(each.proposed_at) <= review.held_on]
        context = {"review": review, "proposals": in_time, "later": len(waiting) - len(in_time)}
        return render_to_string("catalog/admin/agenda.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_boardreview")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            quarter = rules.quarter_of(values["held_on"])
            services.hold_review(quarter=quarter, held_on=values["held_on"], now=now)
            return _("The review of %(quarter)s is on record.") % {"quarter": quarter}

        return do_act(
            self,
            request,
            title=_("Record a review of the board"),
            button=_("Record"),
            form=ReviewForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Record a decision on a training"), url_path="decide", permissions=["act"])
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        review: BoardReview = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            item = values.pop("item")
            decision = services.decide_listing(
                item_id=item.pk, review_id=review.pk, decided_by_id=request.user.pk, now=now, **values
            )
            said = {"item": item.code, "outcome": decision.get_outcome_display()}
            return _("Recorded: %(item)s, %(outcome)s.") % said

        return do_act(
            self,
            request,
            title=_("Record a decision of the board"),
            button=_("Record"),
            explanation=_("It holds from its day on and is never edited; a later decision changes it."),
            form=ReviewDecisionForm,
            initial={"effective_on": _earliest(review)},
            perform=perform,
            back=review,
        )

    @action(description=gettext_lazy("Mark two trainings as the same"), url_path="same", permissions=["act"])
    def mark_equivalent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        review: BoardReview = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            one, other = values["item"], values["same_as"]
            services.mark_equivalent(
                review_id=review.pk,
                item_id=one.pk,
                same_as_id=other.pk,
                reason=values["reason"],
                decided_by_id=request.user.pk,
                now=now,
            )
            return _("%(one)s and %(other)s count as one training.") % {"one": one.code, "other": other.code}

        return do_act(
            self,
            request,
            title=_("Mark two trainings as the same"),
            button=_("Record"),
            explanation=_(
                "Another language or version of the same training: of the two, and of all that count as the same as "
                "either, one counts in a cycle. What has counted stays. This cannot be taken back."
            ),
            form=EquivalenceForm,
            perform=perform,
            back=review,
        )


def _earliest(review: BoardReview) -> date:
    """The first day on which any decision of a review can take effect now."""
    return max(review.held_on, clock.day_of(clock.now()))


@admin.register(BoardDecision)
class BoardDecisionAdmin(RecordAdmin):
    """What the board decided; a new one is recorded on the page of the review or of the item."""

    list_display = ("item", "outcome", "credits", "effective_on", "review", "decided_by", "decided_at")
    list_filter = ("outcome", "review")
    list_select_related = ("item", "review", "decided_by")
    search_fields = ("item__code", "item__title", "reason")
    date_hierarchy = "effective_on"


@admin.register(Equivalence)
class EquivalenceAdmin(RecordAdmin):
    """What counts as one training; a new pair is marked on the page of the review (CR-04)."""

    list_display = ("item", "same_as", "review", "reason", "decided_by", "decided_at")
    list_filter = ("review",)
    list_select_related = ("item", "same_as", "review", "decided_by")
    search_fields = ("item__code", "item__title", "same_as__code", "same_as__title", "reason")
    date_hierarchy = "decided_at"


class AnswerForm(ActForm):
    """The review in which the board answers."""

    review = forms.ModelChoiceField(BoardReview.objects.all(), label=gettext_lazy("Answered in the review of"))


class ListProposalForm(AnswerForm):
    """A proposed training enters the catalog."""

    code = forms.CharField(label=gettext_lazy("Code"), max_length=60, validators=[validate_slug])
    credits = forms.IntegerField(label=gettext_lazy("Credits"), min_value=0, max_value=999)
    effective_on = forms.DateField(label=gettext_lazy("From"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300, widget=LongText(), strip=True
    )


class DeclineForm(AnswerForm):
    """A proposed training does not."""

    answer = forms.CharField(
        label=gettext_lazy("Reason, for the provider"), max_length=2000, widget=LongText(), strip=True
    )


@admin.register(Proposal)
class ProposalAdmin(RecordAdmin):
    """Trainings that providers propose; each is answered in a review."""

    list_display = ("title", "provider", "kind", "credits", "state", "proposed_at", "review")
    list_filter = ("status", "kind", "provider")
    list_select_related = ("provider", "review")
    search_fields = ("code", "title", "summary", "provider__name")
    date_hierarchy = "proposed_at"
    exclude = ("form_key",)
    readonly_fields = ("needs",)
    actions_detail = ("list_it", "decline_it")

    @display(description=gettext_lazy("state"), ordering="status", label=PROPOSAL_HUES)
    def state(self, proposal: Proposal) -> tuple[str, str]:
        return proposal.status, proposal.get_status_display()

    @display(description=gettext_lazy("what it needs"))
    def needs(self, proposal: Proposal) -> SafeString | str:
        """CAT-03 to CAT-06, by today's book."""
        policy = BOOK.on(clock.day_of(clock.now()))
        return findings(rules.assess_training(training_of(proposal), policy).as_json())

    @action(description=gettext_lazy("List it"), url_path="list", permissions=["act"])
    def list_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        proposal: Proposal = self.record(request, object_id)
        review = _review_asked_for(request)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.list_proposal(
                proposal_id=proposal.pk,
                review_id=values.pop("review").pk,
                decided_by_id=request.user.pk,
                now=now,
                **values,
            )
            return _("“%(title)s” enters the catalog.") % {"title": proposal.title}

        return do_act(
            self,
            request,
            title=_("List a proposed training"),
            button=_("List it"),
            explanation=_("It enters the catalog from its day on, and its provider may deliver it from then."),
            form=ListProposalForm,
            initial={
                "review": review,
                "code": proposal.code,
                "credits": proposal.credits,
                "effective_on": _earliest(review) if review else None,
            },
            perform=perform,
            back=proposal,
        )

    @action(description=gettext_lazy("Decline it"), url_path="decline", permissions=["act"])
    def decline_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        proposal: Proposal = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.decline_proposal(
                proposal_id=proposal.pk,
                review_id=values["review"].pk,
                answer=values["answer"],
                decided_by_id=request.user.pk,
                now=now,
            )
            return _("“%(title)s” is declined; its provider reads why.") % {"title": proposal.title}

        return do_act(
            self,
            request,
            title=_("Decline a proposed training"),
            button=_("Decline it"),
            form=DeclineForm,
            initial={"review": _review_asked_for(request)},
            perform=perform,
            back=proposal,
        )


def _review_asked_for(request: HttpRequest) -> BoardReview | None:
    """The review from whose agenda one comes, else the latest."""
    asked = request.GET.get("review", "")
    reviews: QuerySet[BoardReview] = BoardReview.objects.filter(Q(pk=asked) if asked.isdecimal() else Q())
    return reviews.order_by("-held_on").first()
