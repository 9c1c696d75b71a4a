"""The data that every portal starts with: tracks, exams, sites and their weekdays, the first catalog, events, texts,
staff's groups.

Loading is safe to repeat: what is as the files say is not touched, and what the board, staff or holders did since
stays. Listings and authorisations are made once, by the services; a published text is never rewritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction

from candidates.models import Agreement, AgreementTranslation, Track
from catalog.models import Authorisation, BoardDecision, BoardReview, Gathering, Item, Provider, Session
from catalog.services import authorise_provider, decide_listing, hold_review
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from exams.models import Exam, Site, SittingPattern

FOLDER = Path(__file__).resolve().parent
NOON = 12


@transaction.atomic
def load() -> Counter[str]:
    """Bring the reference data into the database; how many rows were created, changed and kept."""
    done: Counter[str] = Counter()
    for code, fields in _read("tracks").items():
        done[_put(Track, {"code": code}, fields)] += 1
    tracks = {track.code: track for track in Track.objects.all()}
    for number, fields in _read("exams").items():
        earns = tracks[fields["earns"]] if "earns" in fields else None
        opened_by = Exam.objects.get(number=fields["opened_by"]) if "opened_by" in fields else None
        done[_put(Exam, {"number": number}, fields | {"earns": earns, "opened_by": opened_by})] += 1
    for code, fields in _read("sites").items():
        done[_put(Site, {"code": code}, fields)] += 1
    for code, fields in _read("sittings").items():
        done += _put_patterns(Site.objects.get(code=code), **fields)
    for fields in _read("agreements"):
        done += _put_agreement(**fields)
    for name, permissions in _read("groups").items():
        done[_put_group(name, permissions)] += 1
    return done + _load_catalog(_read("catalog")) + _load_gatherings(_read("gatherings"))


def _load_catalog(catalog: Mapping[str, Any]) -> Counter[str]:
    """Providers, items, and what the first review decided about them."""
    done: Counter[str] = Counter()
    since: date = catalog["review"]["held_on"]
    now = clock.at(since, NOON)  # all of it was decided on that day, whenever it is loaded
    for code, fields in catalog["providers"].items():
        done[_put(Provider, {"code": code}, fields, created_at=now)] += 1
    providers = {provider.code: provider for provider in Provider.objects.all()}
    review = hold_review(**catalog["review"], now=now)
    listed = set(BoardDecision.objects.values_list("item__code", flat=True))
    authorised = set(Authorisation.objects.values_list("provider_id", "item__code"))
    for code, stated in catalog["items"].items():
        fields = {name: value for name, value in stated.items() if name not in {"credits", "provider"}}
        done[_put(Item, {"code": code}, fields, created_at=now)] += 1
        if code not in listed:
            _list_item(code, stated["credits"], review)
        provider = providers[stated["provider"]]
        if (provider.pk, code) not in authorised:
            item_id = Item.objects.get(code=code).pk
            authorise_provider(provider_id=provider.pk, item_id=item_id, starts_on=since, now=now)
    return done


def _load_gatherings(world: Mapping[str, Any]) -> Counter[str]:
    """Events and their sessions; their times come with their schedules."""
    done: Counter[str] = Counter()
    for code, fields in world["gatherings"].items():
        announced = clock.at(fields["starts_on"].replace(month=1, day=1), NOON)
        done[_put(Gathering, {"code": code}, fields, created_at=announced)] += 1
    for gathering in Gathering.objects.filter(code__in=world["gatherings"]):
        for code, fields in world["sessions"].items():
            done[_put(Session, {"gathering": gathering, "code": code}, fields)] += 1
    return done


def _list_item(code: str, credits: int, review: BoardReview) -> None:
    decide_listing(
        item_id=Item.objects.get(code=code).pk,
        outcome=BoardDecision.Outcome.LIST,
        credits=credits,
        effective_on=review.held_on,
        review_id=review.pk,
        decided_by_id=None,
        reason="Part of the first catalog.",
        now=clock.at(review.held_on, NOON),
    )


def _read(name: str) -> Any:
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def _put(model: type[models.Model], key: Mapping[str, Any], fields: Mapping[str, Any], **when_created: Any) -> str:
    """Create a row, or change it where the file says otherwise; a row that agrees is left alone."""
    manager = model._default_manager
    row = manager.filter(**key).first()
    if row is None:
        manager.create(**key, **fields, **when_created)
        return "created"
    differing = [name for name, value in fields.items() if getattr(row, name) != value]
    if not differing:
        return "kept"
    for name in differing:
        setattr(row, name, fields[name])
    row.save(update_fields=differing)
    return "changed"


def _put_once(model: type[models.Model], key: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Create a row that is never changed again."""
    _row, created = model._default_manager.get_or_create(**key, defaults=fields)
    return "created" if created else "kept"


def _put_patterns(site: Site, *, weekdays: Sequence[int], starts_at: str, seats: int) -> Counter[str]:
    """Give a site its first weekdays, from the programme's first day; one that has any keeps what it has."""
    if site.patterns.exists():
        return Counter(kept=1)
    first_day: date = next(iter(BOOK.series["programme.starts_on"].values))[0]
    patterns = [
        SittingPattern(
            site=site, weekday=weekday, starts_at=time.fromisoformat(starts_at), seats=seats, holds_from=first_day
        )
        for weekday in weekdays
    ]
    return Counter(created=len(SittingPattern.objects.bulk_create(patterns)))


def _put_agreement(*, kind: str, version: str, translations: Mapping[str, Any], **fields: Any) -> Counter[str]:
    """Publish a version on its day, and give it the translations it lacks: what people may have read stays."""
    fields["published_at"] = clock.at(fields["effective_on"], NOON)
    done = Counter([_put_once(Agreement, {"kind": kind, "version": version}, fields)])
    agreement = Agreement.objects.get(kind=kind, version=version)
    for language, words in translations.items():
        done[_put_once(AgreementTranslation, {"agreement": agreement, "language": language}, words)] += 1
    return done


def _put_group(name: str, permissions: Sequence[str]) -> str:
    """Make a group of staff with its permissions ("app.codename"); what administrators made of it since stays."""
    group, created = Group.objects.get_or_create(name=name)
    if created:
        for permission in permissions:
            app, codename = permission.split(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return "created" if created else "kept"
