"""What the catalog says on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Exists, F, FilteredRelation, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils.translation import get_language_info

from candidates.models import Certification, User
from candidates.queries import record_of
from catalog import rules
from catalog.models import Authorisation, BoardDecision, Delivery, Item, Listing, Provider, ProviderMember
from ceportal.kernel.decisions import Decision
from ceportal.kernel.policy import BOOK

# Each asked item with all that count as the same training: both ways round, and by way of others (CR-04).
SAME_TRAININGS = """
WITH RECURSIVE same (asked, item) AS (
    SELECT id, id FROM unnest(%s::bigint[]) AS id
    UNION
    SELECT same.asked, CASE WHEN pair.item_id = same.item THEN pair.same_as_id ELSE pair.item_id END
    FROM same JOIN catalog_equivalence pair ON same.item IN (pair.item_id, pair.same_as_id)
)
SELECT asked, item FROM same
"""

SORTS = {
    "title": ("title", "id"),
    "most": ("-credits", "title", "id"),
    "least": ("credits", "title", "id"),
    "shortest": (F("hours").asc(nulls_last=True), "title", "id"),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What someone looks for; an empty value asks for nothing."""

    text: str = ""
    kind: str = ""
    provider: str = ""
    language: str = ""
    technology: str = ""
    min_credits: int | None = None
    max_credits: int | None = None
    sort: str = "title"


def running_on(day: date, prefix: str = "") -> Q:
    """Listings or authorisations that hold on a day: the first day belongs to them, the end day does not."""
    return Q(**{f"{prefix}starts_on__lte": day}) & (
        Q(**{f"{prefix}ends_on__isnull": True}) | Q(**{f"{prefix}ends_on__gt": day})
    )


def listing_on(item_id: int, day: date) -> Listing | None:
    """What an item was listed with on a day; None where it was not (CAT-01)."""
    return Listing.objects.filter(running_on(day), item_id=item_id).first()


def is_authorised(provider_id: int, item_id: int, day: date) -> bool:
    """Whether a provider could deliver an item on a day (CAT-07)."""
    return Authorisation.objects.filter(running_on(day), provider_id=provider_id, item_id=item_id).exists()


def authorised_providers(item_id: int, day: date) -> QuerySet[Provider]:
    """Who could deliver an item on a day, by name (CAT-07)."""
    return Provider.objects.filter(
        Exists(Authorisation.objects.filter(running_on(day), item_id=item_id, provider_id=OuterRef("pk")))
    )


def same_training(item_id: int) -> RawSQL:
    """As `equivalent_items`, to be asked inside another question: `item_id__in=same_training(...)` (CR-04)."""
    return RawSQL(f"SELECT item FROM ({SAME_TRAININGS}) AS same_trainings", [[item_id]])  # noqa: S608, S611 - constants


def equivalent_items(item_id: int) -> set[int]:
    """The items that count as the same training as this one, itself included (CR-04)."""
    return same_trainings([item_id])[item_id]


def same_trainings(item_ids: Iterable[int]) -> dict[int, set[int]]:
    """For each of these items, those that count as the same training, itself included (CR-04); one query for all.

    An equivalence holds from the day the board marked it, for whatever is claimed, approved or reported from then on;
    what has counted before stays.
    """
    same: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SAME_TRAININGS, [sorted(set(item_ids))])
        for asked, item in cursor.fetchall():
            same.setdefault(asked, set()).add(item)
    return same


def counts_as(item_id: int, *, sample_only: bool = False) -> QuerySet[Item]:
    """The other items that count as the same training as this one; of them, those in the sample (CR-04, CAT-08)."""
    others = Item.objects.filter(id__in=equivalent_items(item_id) - {item_id})
    return others.filter(sample=True) if sample_only else others


def upcoming_deliveries(item_id: int, day: date) -> QuerySet[Delivery]:
    """The runs of an item that have not ended by a day, next first."""
    return (
        Delivery.objects.filter(item_id=item_id, ends_on__gte=day, cancelled_at__isnull=True)
        .select_related("provider")
        .order_by("starts_on", "id")
    )


def search_items(search: Search, *, day: date, sample_only: bool = False) -> QuerySet[Item]:
    """The items listed on a day that match, each with its `credits` and its `authorisations_today`.

    Every word of the text must occur in the title, the summary, the technology or the code.
    """
    items = (
        Item.objects.annotate(
            listing=FilteredRelation("listings", condition=running_on(day, "listings__")),
            credits=F("listing__credits"),
        )
        .filter(listing__isnull=False)
        .prefetch_related(
            Prefetch(
                "authorisations",
                Authorisation.objects.filter(running_on(day)).select_related("provider").order_by("provider__name"),
                to_attr="authorisations_today",
            )
        )
    )
    if sample_only:
        items = items.filter(sample=True)
    for word in search.text.split():
        items = items.filter(
            Q(title__icontains=word)
            | Q(summary__icontains=word)
            | Q(technology__icontains=word)
            | Q(code__icontains=word)
        )
    for field in ("kind", "language", "technology"):
        if wanted := getattr(search, field):
            items = items.filter(**{field: wanted})
    if search.provider:
        items = items.filter(
            Exists(
                Authorisation.objects.filter(running_on(day), item_id=OuterRef("pk"), provider__code=search.provider)
            )
        )
    if search.min_credits is not None:
        items = items.filter(credits__gte=search.min_credits)
    if search.max_credits is not None:
        items = items.filter(credits__lte=search.max_credits)
    return items.order_by(*SORTS.get(search.sort, SORTS["title"]))


@dataclass(frozen=True, slots=True)
class Listed:
    """What an item was listed with, by which decision, and which took it out of the catalog, if one did (CAT-02)."""

    listing: Listing
    decision: BoardDecision
    left: BoardDecision | None
    state: str  # past, running or to_come


def listing_history(item_id: int, day: date) -> list[Listed]:
    """Everything an item was ever listed with, and is to be, latest first, with the decisions behind it."""
    decisions = list(
        BoardDecision.objects.filter(item_id=item_id)
        .select_related("review", "listing")
        .order_by("-effective_on", "-id")
    )
    left_on: dict[date | None, BoardDecision] = {
        each.effective_on: each for each in decisions if each.outcome == BoardDecision.Outcome.DELIST
    }
    return [
        Listed(each.listing, each, left_on.get(each.listing.ends_on), _state(each.listing, day))
        for each in decisions
        if hasattr(each, "listing")
    ]


def _state(listing: Listing, day: date) -> str:
    if day < listing.starts_on:
        return "to_come"
    return "running" if listing.ends_on is None or day < listing.ends_on else "past"


def filter_choices(day: date) -> dict[str, list[tuple[str, str]]]:
    """What the items listed on a day can be filtered by: providers, technologies and languages among them."""
    listed = Item.objects.filter(Exists(Listing.objects.filter(running_on(day), item_id=OuterRef("pk"))))
    providers = Provider.objects.filter(
        Exists(Authorisation.objects.filter(running_on(day), item__in=listed, provider_id=OuterRef("pk")))
    )
    values = listed.order_by().values_list("technology", "language").distinct()
    technologies = sorted({technology for technology, _language in values if technology})
    languages = sorted({language for _technology, language in values})
    return {
        "provider": list(providers.values_list("code", "name")),
        "technology": [(technology, technology) for technology in technologies],
        "language": [(code, language_name(code)) for code in languages],
    }


def language_name(code: str) -> str:
    """A language in the reader's own; its code where Django does not know it."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def view_decision(user: User | AnonymousUser, day: date) -> Decision:
    """Whether a user sees the whole catalog on a day, and why (CAT-08)."""
    return rules.assess_view(viewer_facts(user), BOOK.on(day))


def may_claim(user: User | AnonymousUser) -> bool:
    """Whether a claim is worth offering: to holders and those to be, not to who only acts for a provider or staff."""
    if isinstance(user, AnonymousUser) or record_of(user) is not None:
        return True
    return not viewer_facts(user).serves_programme


def viewer_facts(user: User | AnonymousUser) -> rules.ViewerFacts:
    """What decides about a user's view of the catalog."""
    if isinstance(user, AnonymousUser):
        return rules.ViewerFacts(serves_programme=False, certifications=())
    return rules.ViewerFacts(
        serves_programme=user.is_staff or ProviderMember.objects.filter(user_id=user.pk, active=True).exists(),
        certifications=tuple(
            Certification.objects.filter(candidate__user_id=user.pk).values_list("track__level", "status")
        ),
    )


def listing_facts(
    item: Item, *, outcome: str, credits: int | None, effective_on: date, review_held_on: date, recorded_on: date
) -> rules.ListingFacts:
    """What decides about a decision of the board on an item."""
    latest = BoardDecision.objects.filter(item=item).order_by("-effective_on").first()
    return rules.ListingFacts(
        training=rules.Training(
            kind=item.kind,
            title=item.title,
            credits=credits,
            registration_number=item.registration_number,
            approval_number=item.approval_number,
        ),
        outcome=outcome,
        effective_on=effective_on,
        review_held_on=review_held_on,
        recorded_on=recorded_on,
        state="listed" if listing_on(item.pk, effective_on) else "unlisted",
        last_decided_on=latest.effective_on if latest else None,
    )


def with_credits_on(items: QuerySet[Item], day: date) -> QuerySet[Item]:
    """Items, listed or not, each with what it is worth on a day as `credits_today`; None where it is not listed."""
    listed = Listing.objects.filter(running_on(day), item_id=OuterRef("pk"))
    return items.annotate(credits_today=Subquery(listed.values("credits")[:1]))


def items_of_provider(provider_id: int, *, since: date | None = None) -> QuerySet[Item]:
    """The items a provider was ever authorised for; with a day, those it is authorised for then or later (CAT-07)."""
    authorisations = Authorisation.objects.filter(provider_id=provider_id, item_id=OuterRef("pk"))
    if since is not None:
        authorisations = authorisations.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=since))
    return Item.objects.filter(Exists(authorisations)).order_by("title", "id")
