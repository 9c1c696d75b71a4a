"""Badges as others read them: a library that is not ours verifies them offline, and sees what was revoked or suspended.

What it verifies runs on the real clock, since it reads that one; what only our dates decide stands at a day.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openbadgeslib import ob3
from openbadgeslib.ob3.status import decode_encoded_list, set_indices

from candidates import badges, baking, queries, rules, services, status_lists
from candidates.models import Badge, Candidate, Certification, Sanction, Term, User
from candidates.models.badges import LIST_LENGTH
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.credits import pages
from tests.credits.pages import text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
DID = "did:web:testserver"
CONTEXTS = files("openbadgeslib.ob3") / "contexts"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def held(alice: Candidate) -> Certification:
    """A certification of Alice's that is active today, whenever that is."""
    return pages.certify(alice, on=str(clock.day_of(clock.now()) - timedelta(days=200)))


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


def badge_of(client: Client, certification: Certification, form: str = "jwt") -> bytes:
    answer = client.get(reverse("badges:badge", args=[certification.number, form]))
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.fixture
def world() -> Callable[[str], bytes]:
    """What a verifier elsewhere fetches, as our pages give it to anybody; no address of another host is asked."""

    def fetch(address: str) -> bytes:
        path = re.fullmatch(r"https?://testserver(/.*)", address)
        assert path, address
        answer = Client().get(path[1])
        assert answer.status_code == 200, address
        assert answer["Access-Control-Allow-Origin"] == "*"
        return answer.content

    return fetch


# ── A library of others ───────────────────────────────────────────────────────────────────────────
def test_it_verifies_offline_with_the_published_key(me: Client, alice: Candidate, held: Certification) -> None:
    (published,) = Client().get("/.well-known/jwks.json").json()["keys"]
    key = jwt.PyJWK(published).key
    token = badge_of(me, held).decode()

    badge = ob3.OB3Verifier(key).verify(token)

    assert badge.name == badge.achievement.name == held.track.name
    assert badge.issuer.id == DID
    assert [(who.identity_hash, who.identity_type, who.hashed) for who in badge.identifiers] == [
        (alice.name, "name", False)
    ]
    assert badge.raw["credentialSubject"]["licenseNumber"] == held.number
    assert badge.expiration_date is not None
    assert clock.day_of(badge.expiration_date) == held.active_ends_on
    assert clock.day_of(datetime.fromisoformat(badge.raw["awardedDate"])) == held.first_certified_on
    said = json.dumps(badge.raw)
    assert not [kept for kept in (alice.email, str(alice.born)) if kept in said]  # CERT-09: nothing else


@pytest.mark.parametrize("part", ["name", "number", "key"])
def test_a_badge_that_was_changed_does_not(me: Client, held: Certification, part: str) -> None:
    token = badge_of(me, held).decode()
    claims = jwt.decode(token, options={"verify_signature": False})
    stranger = Ed25519PrivateKey.generate()
    if part == "name":
        claims["credentialSubject"]["identifier"][0]["identityHash"] = "Mallory"
    if part == "number":
        claims["credentialSubject"]["licenseNumber"] = "CE1-CCDE"
    forged = jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": jwt.get_unverified_header(token)["kid"]})
    if part != "key":  # the portal's own signature over something else
        forged = ".".join([*forged.split(".")[:2], token.split(".")[2]])
    key = jwt.PyJWK(Client().get("/.well-known/jwks.json").json()["keys"][0]).key
    with pytest.raises(ob3.OB3VerificationError, match="signature"):
        ob3.OB3Verifier(key).verify(forged)


@pytest.fixture
def sanction(alice: Candidate, held: Certification, dan: User) -> Sanction:
    """A permanent one against Alice, proposed and signed."""
    erin = factories.UserFactory.create(staff=True, email="erin@example.org")
    proposed = services.propose_sanction(
        candidate_id=alice.id, clause="CERT-08", statement="Mugs.", permanent=True, staff_id=dan.id, now=clock.now()
    )
    return services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=clock.now())


def test_cert_10_a_revocation_shows_in_the_list_and_its_lifting_too(
    me: Client, alice: Candidate, held: Certification, dan: User, world: Callable[[str], bytes], request: Any
) -> None:
    token = badge_of(me, held).decode()
    anywhere = ob3.OB3Verifier.for_issuer_did(DID, download=world)
    assert anywhere.verify(token, check_status=True, download=world).name == held.track.name

    sanction = request.getfixturevalue("sanction")
    with pytest.raises(ob3.OB3VerificationError, match="'revocation' is set"):
        anywhere.verify(token, check_status=True, download=world)
    assert anywhere.verify(token)  # who does not look it up does not see it: that is what the list is for

    services.lift_sanction(sanction_id=sanction.id, reason="A gift.", staff_id=dan.id, now=clock.now())
    assert anywhere.verify(token, check_status=True, download=world)
    assert badge_of(me, held).decode() == token


def test_a_renewal_that_is_taken_back_shows_as_suspended(
    me: Client, held: Certification, world: Callable[[str], bytes]
) -> None:
    """The badge runs to a day that the certification no longer reaches."""
    token = badge_of(me, held).decode()
    Term.objects.filter(certification=held).update(withdrawn_at=clock.now())
    with transaction.atomic():
        services.refresh_certifications([held.id], clause="EXAM-09", reason="Taken back", now=clock.now())
    with pytest.raises(ob3.OB3VerificationError, match="'suspension' is set"):
        ob3.OB3Verifier.for_issuer_did(DID, download=world).verify(token, check_status=True, download=world)


def test_what_an_old_key_signed_verifies_beside_the_new_one(
    me: Client, held: Certification, world: Callable[[str], bytes], settings: Any
) -> None:
    old = badge_of(me, held).decode()
    new_key = Ed25519PrivateKey.generate()
    pem = new_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings.SIGNING_KEY = f"{pem}\n{settings.SIGNING_KEY}"
    new = badge_of(me, held).decode()
    anywhere = ob3.OB3Verifier.for_issuer_did(DID, download=world)
    assert old != new
    assert anywhere.verify(old) and anywhere.verify(new)
    ob3.OB3Verifier(new_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).verify(new)


def test_pictures_carry_the_badge(me: Client, held: Certification) -> None:
    token = badge_of(me, held).decode()
    svg, png = badge_of(me, held, "svg"), badge_of(me, held, "png")
    assert ob3.OB3Verifier.extract_token_from_svg(svg) == token == baking.token_in(svg)
    assert ob3.OB3Verifier.extract_token_from_png(png) == token == baking.token_in(png)
    assert [baking.token_in(each) for each in (b"", b"<svg></svg>", baking.PNG_START, png[:200])] == [None] * 4


def terms_of(context: Any) -> Iterator[str]:
    """Every term that a JSON-LD context defines, at whatever depth."""
    if isinstance(context, dict):
        for name, meaning in context.items():
            if not name.startswith("@"):
                yield name
            yield from terms_of(meaning)
    if isinstance(context, list):
        for each in context:
            yield from terms_of(each)


def keys_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from keys_in(inner)
    if isinstance(value, list):
        for each in value:
            yield from keys_in(each)


def test_every_word_of_a_badge_is_one_of_the_standards(me: Client, held: Certification) -> None:
    known = {"@context"}
    for name in ("credentials-v2.json", "ob-v3p0-context-3.0.3.json"):
        known |= set(terms_of(json.loads((CONTEXTS / name).read_text())))
    claims = jwt.decode(badge_of(me, held).decode(), options={"verify_signature": False})
    registered = {"iss", "jti", "nbf", "exp"}
    assert set(keys_in({name: claims[name] for name in claims if name not in registered})) - known == set()
    assert (claims["iss"], claims["jti"], claims["exp"] > claims["nbf"]) == (DID, claims["id"], True)


# ── Which bits are set ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("standing", "status", "bits"),
    [
        ("active", "active", set()),
        ("active", "suspended", {"suspension"}),
        ("active", "grace", {"suspension"}),
        ("active", "emeritus", {"suspension"}),
        ("active", "inactive", {"suspension"}),
        ("active", "revoked", {"revocation"}),
        ("emeritus", "emeritus", set()),
        ("emeritus", "active", {"suspension"}),
        ("emeritus", "lifetime_emeritus", {"suspension"}),
        ("lifetime_emeritus", "lifetime_emeritus", set()),
        ("lifetime_emeritus", "revoked", {"revocation"}),
    ],
)
def test_status_bits(standing: str, status: str, bits: set[str]) -> None:
    assert rules.status_bits(standing, status) == bits


def places(list_number: int, purpose: str) -> frozenset[int]:
    """Which bits are set in a list as it is published now, read by the library of others."""
    answer = Client().get(reverse("badges:status_list", args=[list_number, purpose]))
    assert answer["Content-Type"] == "application/vc+jwt"
    claims = jwt.decode(answer.text, options={"verify_signature": False})
    bits = decode_encoded_list(claims["credentialSubject"]["encodedList"])
    assert len(bits) * 8 == LIST_LENGTH
    assert claims["validFrom"] < claims["validUntil"]
    return frozenset(set_indices(bits))


def test_lists_follow_the_calendar_also_before_the_night_has_been(alice: Candidate) -> None:
    with clock.standing_at(noon("2020-01-15")):
        expert = pages.certify(alice, "ccie-security", "expert", on="2018-02-01")
        entry = pages.certify(alice, "cct-routing", "entry", on="2018-02-01")
        badge, for_life = (services.issue_badge(certification_id=each.id, now=clock.now()) for each in (expert, entry))
        assert badge.list_number == for_life.list_number == 1
        assert (places(1, "suspension"), places(1, "revocation")) == (frozenset(), frozenset())
    with clock.standing_at(noon("2020-02-02")):  # suspended since yesterday; no sweep has run
        assert places(1, "suspension") == {badge.list_index}
        assert Certification.objects.get(id=expert.id).status == "active"
        services.follow_calendar(candidate_id=alice.id, now=clock.now())
        assert Certification.objects.get(id=expert.id).status == "suspended"
        assert (places(1, "suspension"), places(1, "revocation")) == ({badge.list_index}, frozenset())


def test_emr_14_each_standing_has_a_badge_of_its_own(alice: Candidate) -> None:
    track = factories.TrackFactory.create(code="ccie-security")
    now = noon("2021-05-04")
    certification = services.import_certification(
        candidate_id=alice.id,
        track_code=track.code,
        certified_on=day("2010-02-01"),
        emeritus_until=day("2022-02-01"),
        now=now,
    )
    badge = services.issue_badge(certification_id=certification.id, now=now)
    (held,) = queries.held_in(Certification.objects.filter(id=certification.id))
    said = badges.credential(badge, held, day=now.date())
    assert badge.standing == "emeritus"
    assert (said["validFrom"], said["validUntil"]) == ("2021-02-01T00:00:00Z", "2022-02-01T00:00:00Z")
    assert said["name"].endswith(", Emeritus")
    assert "counts toward no partner requirement" in said["credentialSubject"]["achievement"]["description"]

    lifetime = badges.credential(replace_standing(badge, "lifetime_emeritus"), held, day=now.date())
    assert lifetime["name"].endswith(", Lifetime Emeritus")
    assert "validUntil" not in lifetime
    assert lifetime["credentialSubject"]["achievement"]["id"] != said["credentialSubject"]["achievement"]["id"]

    # Back to active, the old badge speaks no longer and another is given out.
    Term.objects.filter(certification=certification).update(withdrawn_at=now)
    Term.objects.create(
        certification=certification, starts_on=now.date(), renewed_on=now.date(), reason="renewed", created_at=now
    )
    with transaction.atomic():
        services.refresh_certifications([certification.id], clause="EMR-18", reason="Renewed", now=now)
    active = services.issue_badge(certification_id=certification.id, now=now)
    assert (active.standing, active.key == badge.key) == ("active", False)
    with clock.standing_at(now):
        assert places(1, "suspension") == {badge.list_index}


def replace_standing(badge: Badge, standing: str) -> Badge:
    return Badge(key=badge.key, standing=standing, list_number=badge.list_number, list_index=badge.list_index)


def test_cert_02_a_badge_for_life_has_no_end(me: Client, alice: Candidate) -> None:
    entry = pages.certify(alice, "cct-routing", "entry", on="2018-02-01")
    claims = jwt.decode(badge_of(me, entry).decode(), options={"verify_signature": False})
    assert not {"validUntil", "exp"} & claims.keys()


# ── Giving out ────────────────────────────────────────────────────────────────────────────────────
def test_a_badge_is_given_out_once(held: Certification) -> None:
    now = clock.now()
    first, again = (services.issue_badge(certification_id=held.id, now=now) for _each in range(2))
    assert first == again
    (event,) = Event.objects.filter(topic="candidates.badge_issued")
    assert (event.subject_id, event.candidate_id, event.payload) == (
        first.id,
        held.candidate_id,
        {"standing": "active"},
    )


def test_a_place_that_is_taken_is_drawn_again_and_a_full_list_followed(
    held: Certification, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [pages.certify(factories.CandidateFactory.create(), on=str(held.first_certified_on)) for _each in range(2)]
    drawn = iter([7, 7, 7, 8, 7])
    monkeypatch.setattr(secrets, "randbelow", lambda _limit: next(drawn))
    monkeypatch.setattr("candidates.services.badges.FULL", 2)
    given = [services.issue_badge(certification_id=each.id, now=clock.now()) for each in (held, *others)]
    assert [(badge.list_number, badge.list_index) for badge in given] == [(1, 7), (1, 8), (2, 7)]


@pytest.mark.parametrize(
    ("track", "level", "on", "clauses"),
    [
        ("ccnp-security", "professional", "2017-01-01", ["CERT-01", "CERT-08"]),
        ("ccie", "expert", "2018-02-05", ["CERT-08"]),
    ],
)
def test_what_is_not_in_a_standing_of_its_own_is_given_none(
    me: Client, alice: Candidate, track: str, level: str, on: str, clauses: list[str]
) -> None:
    with clock.standing_at(noon("2020-02-10" if level == "expert" else "2021-05-04")):
        certification = pages.certify(alice, track, level, on=on)
        with pytest.raises(Refused) as refusal:
            services.issue_badge(certification_id=certification.id, now=clock.now())
        assert list(refusal.value.decision.clauses_unmet) == clauses
        page = me.get(reverse("badges:badge", args=[certification.number, "jwt"]))
    assert page.status_code == 409
    assert "Your transcript" in text_of(page) or "may be used again" in text_of(page)
    assert not Badge.objects.exists()
    assert not Event.objects.filter(topic="candidates.badge_issued").exists()


def test_cert_10_what_is_revoked_is_given_none(me: Client, held: Certification, sanction: Sanction) -> None:
    page = me.get(reverse("badges:badge", args=[held.number, "png"]))
    assert page.status_code == 409
    assert "The certification is revoked." in text_of(page)
    assert not Badge.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"standing": "gold"},
        {"list_index": LIST_LENGTH},
        {"list_number": 0},
        {"list_index": 1},
    ],
)
def test_the_database_refuses(held: Certification, wrong: dict[str, Any]) -> None:
    badge = services.issue_badge(certification_id=held.id, now=clock.now())
    Badge.objects.filter(id=badge.id).update(list_index=1)
    other = pages.certify(factories.CandidateFactory.create(), on=str(held.first_certified_on))
    row = {"standing": "active", "list_number": 1, "list_index": 2, "key": "a" * 32, "issued_at": clock.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Badge.objects.create(certification=other, **row | wrong)


# ── Who gets it ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("form", ["jwt", "svg", "png", "pdf"])
def test_badges_of_others_are_not_there(client: Client, me: Client, form: str) -> None:
    theirs = pages.certify(factories.CandidateFactory.create(), on=str(clock.day_of(clock.now())))
    address = reverse("badges:badge", args=[theirs.number, form])
    assert me.get(address).status_code == 404
    client.logout()
    assert client.get(address).url.startswith("/accounts/login/")
    assert not Badge.objects.exists()


def test_a_link_gives_the_badges_of_what_it_shows(client: Client, alice: Candidate, held: Certification) -> None:
    other = pages.certify(alice, "ccna", "associate", on=str(held.first_certified_on))
    over = pages.certify(alice, "ccnp-voice", "professional", on="2017-01-01")
    link = services.share_certifications(
        candidate_id=alice.id, certification_ids=[held.id, over.id], form_key="0" * 32, now=clock.now()
    )

    def status(certification: Certification, form: str = "jwt") -> int:
        return client.get(reverse("badge_by_link", args=[link.token, certification.number, form])).status_code

    page = client.get(reverse("verify_link", args=[link.token]))
    assert reverse("badge_by_link", args=[link.token, held.number, "jwt"]) in page.text
    assert f"{over.number}.jwt" not in page.text
    assert [status(held, form) for form in ("jwt", "svg", "png", "pdf")] == [200, 200, 200, 404]
    assert (status(other), status(over)) == (404, 404)
    services.withdraw_link(candidate_id=alice.id, link_id=link.id, now=clock.now())
    assert status(held) == 404


# ── What is published ─────────────────────────────────────────────────────────────────────────────
def test_what_a_badge_names_is_there(me: Client, held: Certification, world: Callable[[str], bytes]) -> None:
    claims = jwt.decode(badge_of(me, held).decode(), options={"verify_signature": False})
    given_for = claims["credentialSubject"]["achievement"]
    assert json.loads(world(given_for["id"])) == given_for
    assert world(given_for["image"]["id"]).startswith(baking.PNG_START)
    assert world(given_for["image"]["id"].replace(".png", ".svg")).startswith(b"<svg")
    assert Client().get(given_for["criteria"]["id"].removeprefix("http://testserver")).status_code == 200
    assert json.loads(world("http://testserver" + reverse("badges:issuer"))) == claims["issuer"]
    document = json.loads(world("http://testserver/.well-known/did.json"))
    assert document["id"] == claims["iss"]
    assert jwt.get_unverified_header(badge_of(me, held).decode())["kid"] in document["assertionMethod"]


@pytest.mark.parametrize(
    "path",
    [
        "status/1/revocation.jwt",
        "status/1/gossip.jwt",
        "achievements/ccnp-security/gold/",
        "achievements/no/active/",
        "achievements/ccnp-security/active.gif",
        "achievements/no/active.png",
    ],
)
def test_what_is_not_there(client: Client, path: str) -> None:
    factories.TrackFactory.create(code="ccnp-security", level="professional")
    assert client.get(f"/badges/{path}").status_code == 404


def test_a_name_of_a_host_with_a_port(client: Client, settings: Any) -> None:
    settings.BASE_URL = "http://localhost:8000"
    assert client.get("/.well-known/did.json").json()["id"] == "did:web:localhost%3A8000"


def test_a_list_asks_as_much_for_many_as_for_one(held: Certification) -> None:
    def asked(now: datetime) -> int:
        with CaptureQueriesContext(connection) as questions:
            status_lists.signed_list(1, "suspension", now=now)
        return len(questions)

    later = clock.now() + timedelta(days=365 * 4)
    services.issue_badge(certification_id=held.id, now=clock.now())
    one = asked(later)
    for _each in range(5):
        certification = pages.certify(factories.CandidateFactory.create(), on=str(held.first_certified_on))
        services.issue_badge(certification_id=certification.id, now=clock.now())
    assert asked(later) == one <= 4


def test_the_page_that_checks_signatures_knows_badges(me: Client, alice: Candidate, held: Certification) -> None:
    token, png = badge_of(me, held).decode(), badge_of(me, held, "png")
    for page in (
        me.post("/check/", {"token": token}),
        me.post("/check/", {"by_file": "1", "file": SimpleUploadedFile("badge.png", png)}),
    ):
        told = text_of(page)
        assert "Genuine: the portal signed this" in told
        assert f"Candidate {alice.name}" in told
        assert f"Certificate number {held.number}" in told
        assert me.get(page.context["now_at"].removeprefix("http://testserver")).context["answer"].status == "active"
    changed = SimpleUploadedFile("badge.png", png.replace(token.encode(), token[:-9].encode() + b"AAAAAAAAA"))
    assert "Not genuine" in text_of(me.post("/check/", {"by_file": "1", "file": changed}))
