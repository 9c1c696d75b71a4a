"""Whom one can sign in as in the demonstration. The password is public: none of this exists outside DEMO=1."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "demo-portal-2026"  # noqa: S105 - shown on the sign-in page of the demonstration


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A person of the demonstration who can sign in; `what` says what there is to see as them."""

    who: str
    email: str
    password: str
    what: str


DEMO_LOGINS: tuple[DemoLogin, ...] = (
    DemoLogin(
        "candidate midway",
        "mira@example.org",
        PASSWORD,
        "Has earned some credits; claims in every state, one of them waiting at Acme Learning.",
    ),
    DemoLogin(
        "candidate one step from renewal",
        "tomas@example.org",
        PASSWORD,
        "One step is left: Acme Learning's approval or, in the era of the fee, the payment.",
    ),
    DemoLogin(
        "candidate not enrolled",
        "nadia@example.org",
        PASSWORD,
        "Holds a certification and has done nothing in the programme yet.",
    ),
    DemoLogin(
        "candidate for a lab",
        "yuki@example.org",
        PASSWORD,
        "Has one lab paid by voucher and another to book, with a voucher left; a new version of a text waits.",
    ),
    DemoLogin(
        "candidate after a lab",
        "kwame@example.org",
        PASSWORD,
        "Failed a lab that can still be read once more, and waits for a seat that Yuki has.",
    ),
    DemoLogin(
        "long-time expert",
        "hakon@example.org",
        PASSWORD,
        "Can buy Emeritus before the anniversary, and is warned of a younger certification.",
    ),
    DemoLogin(
        "candidate under a sanction",
        "viktor@example.org",
        PASSWORD,
        "Certification revoked, a claim kept meanwhile, an appeal that waits for a decision.",
    ),
    DemoLogin(
        "minor without a signature",
        "sora@example.org",
        PASSWORD,
        "Fourteen, reads Japanese, and waits for a parent, whose link the administrator finds in the mail.",
    ),
    DemoLogin(
        "reviewer",
        "ruth@example.org",
        PASSWORD,
        "Decides the claims of Acme Learning, uploads its rosters and, as a manager, proposes trainings.",
    ),
    DemoLogin(
        "reviewer of another provider",
        "goran@example.org",
        PASSWORD,
        "Decides the claims of Globex Digital Academy, and sees none of Acme's.",
    ),
    DemoLogin(
        "channel partner",
        "pia@example.org",
        PASSWORD,
        "Confirms who works for Contoso Systems: one request waits, and one of its experts does not count.",
    ),
    DemoLogin(
        "proctor",
        "petra@example.org",
        PASSWORD,
        "Has the desk of the Brussels lab centre, where two candidates are expected today.",
    ),
    DemoLogin(
        "administrator",
        "admin@example.org",
        PASSWORD,
        "Sees everything, reads all mail and sets the portal's clock ahead.",
    ),
)


def email_of(who: str) -> str:
    """The address of one of them."""
    return next(login.email for login in DEMO_LOGINS if login.who == who)
