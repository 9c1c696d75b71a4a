"""What a holder is given to show, by the status of the certification: papers, logo, badge (CERT-08, EMR-14)."""

from __future__ import annotations

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _

# Each of these has a logo and a badge of its own; that of Lifetime takes the place of that of Emeritus (EMR-14).
WITH_LOGO = ("active", "emeritus", "lifetime_emeritus")
PAPERS = frozenset({"certificate", "card"})
MARKS = frozenset({"logo", "badge"})


def assess_document(kind: str, status: str) -> Decision:
    """Whether a holder is given a document now; a transcript tells everything as it is, so it always is.

    A certificate and a card say what the status is, also where it is not active; a logo and a badge speak for a
    status that has one of its own.
    """
    if kind == "transcript":
        return Decision(())
    assert kind in PAPERS | MARKS, kind
    findings: tuple[Finding, ...] = (
        finding(
            "CERT-10",
            status != "revoked",
            yes=_("The certification is not revoked."),
            no=_("The certification is revoked."),
            next_step=_("Your transcript says what you held. The notice about it says how to appeal."),
        ),
        finding(
            "CERT-01",
            status != "inactive",
            yes=_("The certification has not expired."),
            no=_("The certification has expired."),
            next_step=_("Your transcript says what you held. Its page says what regains it."),
        ),
    )
    if kind in MARKS:
        findings += (
            finding(
                "CERT-08",
                status in WITH_LOGO,
                yes=_("Its status has a logo of its own, which you may use as the guidelines allow."),
                no=_("Only an active, an Emeritus and a Lifetime Emeritus certification have a logo to use."),
                next_step=_("With the renewal the logo may be used again."),
            ),
        )
    return Decision(findings)


def status_bits(standing: str, status: str) -> frozenset[str]:
    """Which bits are set for a badge that speaks for a standing, where the certification is in a status now.

    Revocation is for what was revoked (CERT-10); suspension for whatever else the badge says and is not so now, since
    it may be so again.
    """
    if status == "revoked":
        return frozenset({"revocation"})
    return frozenset() if status == standing else frozenset({"suspension"})
