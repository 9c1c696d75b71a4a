"""What the page of a certification offers to download, and why not where it does not."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from candidates.models import Certification
from candidates.rules import WITH_LOGO, assess_document
from ceportal.kernel.explain import Explanation, explain


@dataclass(frozen=True, slots=True)
class Offer:
    """A document: where it is, in which forms, or why it is not given now."""

    title: str
    text: str
    links: tuple[tuple[str, str], ...]  # what stands on the link, and where it leads
    refused: Explanation | None


def emblem_of(certification: Certification, status: str) -> str:
    """Where the emblem of a certification in a status is; empty for a status that has none (EMR-14)."""
    if status not in WITH_LOGO:
        return ""
    return reverse("badges:emblem", args=[certification.track.code, status, "svg"])


def offers_for(certification: Certification, status: str) -> tuple[Offer, ...]:
    """The documents of a certification in a status, in the order in which people ask for them."""
    number = certification.number

    def offer(kind: str, title: str, text: str, *links: tuple[str, str]) -> Offer:
        decision = assess_document(kind, status)
        refused = None if decision.granted else explain(decision)
        return Offer(title, text, () if refused else links, refused)

    def badge(form: str) -> str:
        return reverse("badges:badge", args=[number, form])

    return (
        offer(
            "certificate",
            _("Certificate"),
            _("A sheet to hang up or hand in, with a code that leads to verification."),
            (_("PDF"), reverse("candidates:certificate", args=[number])),
        ),
        offer(
            "card",
            _("Card"),
            _("Front and back, of the size of a bank card."),
            (_("PDF"), reverse("candidates:card", args=[number])),
        ),
        offer(
            "badge",
            _("Badge"),
            _("A signed credential that verifies without the portal (Open Badges 3.0), alone or inside a picture."),
            (_("PNG"), badge("png")),
            (_("SVG"), badge("svg")),
            (_("JWT"), badge("jwt")),
        ),
        offer(
            "logo",
            _("Logos"),
            _("In colour, black and white, as SVG and PNG, with the guidelines."),
            (_("ZIP"), reverse("candidates:logos", args=[number])),
        ),
        offer(
            "transcript",
            _("Transcript"),
            _("Every certification you ever held with its terms, and the exams you passed."),
            (_("PDF"), reverse("exams:transcript")),
        ),
    )
