"""What of providers stands in the way of an erasure (CAND-09)."""

from __future__ import annotations

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


def assess_erasure(*, acts_for_provider: bool) -> Decision:
    """Whoever acts for a provider is asked to end that first: what they decided is kept under their name."""
    return Decision(
        (
            finding(
                "CAND-09",
                not acts_for_provider,
                yes=_("You do not act for a provider."),
                no=_("You act for a provider, and what you decide there is kept under your name."),
                next_step=_("Ask the provider's manager to end your membership first."),
            ),
        )
    )
