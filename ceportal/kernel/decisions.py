"""A decision: every requirement of a rule, met or not, with its clause, its facts and the parameters behind it.

One value serves as the checklist that a candidate sees, the refusal, the API's answer and the record kept.
Sentences are templates with named placeholders, translated when they are shown (kernel.explain).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ceportal.kernel.policy import Parameter, thawed


def gettext_noop(text: str) -> str:
    """Mark a sentence for the translators; it is translated when shown, in the reader's language."""
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement: its clause, whether it is met, the sentence that says so, and what to do if not.

    Facts named `*_on` are days; they fill the sentence's placeholders.
    """

    clause: str
    met: bool
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    because: tuple[Parameter, ...] = ()
    next_step: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "clause": self.clause,
            "met": self.met,
            "sentence": self.sentence,
            "facts": thawed(self.facts),
            "because": [
                {
                    "name": parameter.name,
                    "value": thawed(parameter.value),
                    "since": parameter.since.isoformat(),
                    "clause": parameter.clause,
                    "provisional": parameter.provisional,
                }
                for parameter in self.because
            ],
            "next_step": self.next_step,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Finding:
        return cls(
            clause=raw["clause"],
            met=raw["met"],
            sentence=raw["sentence"],
            facts={
                name: date.fromisoformat(value) if name.endswith("_on") and value else value
                for name, value in raw["facts"].items()
            },
            because=tuple(
                Parameter(
                    name=parameter["name"],
                    value=parameter["value"],
                    since=date.fromisoformat(parameter["since"]),
                    clause=parameter["clause"],
                    provisional=parameter["provisional"],
                )
                for parameter in raw["because"]
            ),
            next_step=raw["next_step"],
        )


def finding(
    clause: str,
    met: bool,
    *,
    yes: str,
    no: str,
    next_step: str = "",
    because: Iterable[Parameter] = (),
    **facts: Any,
) -> Finding:
    """A finding whose sentence depends on its outcome; the next step is said only where it is not met."""
    return Finding(clause, met, yes if met else no, facts, tuple(because), "" if met else next_step)


@dataclass(frozen=True, slots=True)
class Decision:
    """All findings of one question, in the order a person should read them."""

    findings: tuple[Finding, ...]

    @property
    def granted(self) -> bool:
        return all(each.met for each in self.findings)

    @property
    def unmet(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if not each.met)

    @property
    def clauses_unmet(self) -> tuple[str, ...]:
        """The clauses that forbid it, in reading order, each once."""
        return tuple(dict.fromkeys(each.clause for each in self.unmet))

    def as_json(self) -> list[dict[str, Any]]:
        return [each.as_json() for each in self.findings]

    @classmethod
    def from_json(cls, raw: Iterable[Mapping[str, Any]]) -> Decision:
        return cls(tuple(Finding.from_json(each) for each in raw))

    def __add__(self, other: Decision) -> Decision:
        return Decision(self.findings + other.findings)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The rules say no; the decision says why, finding by finding."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"Refused: {', '.join(decision.clauses_unmet)}")
        self.decision = decision


def require(decision: Decision) -> Decision:
    """Give the decision back if it grants; raise Refused if not."""
    if not decision.granted:
        raise Refused(decision)
    return decision
