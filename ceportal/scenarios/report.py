"""What came of scenarios, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ceportal.scenarios.running import Failure, Result


@dataclass(frozen=True, slots=True)
class Told:
    """A scenario's result with the file it stands in."""

    file: str
    result: Result


def line(told: Told) -> str:
    """One line for a scenario, and for each failure the step, what was expected and what was found."""
    result = told.result
    head = f"{'ok' if result.passed else 'FAILED':<7} {result.name}"
    if result.passed:
        return head
    return "\n".join([f"{head} ({told.file}:{result.line})", *(_failure(told.file, each) for each in result.failures)])


def _failure(file: str, failure: Failure) -> str:
    day = f", {failure.on}" if failure.on else ""
    lines = [f"        {file}, line {failure.line}{day}: {failure.step}"]
    if failure.expected:
        lines.append(f"          expected: {failure.expected}")
    lines.append(f"          found:    {failure.found}")
    return "\n".join(lines)


def summary(all_told: Sequence[Told]) -> str:
    """The last line."""
    passed = sum(told.result.passed for told in all_told)
    return f"{passed} passed, {len(all_told) - passed} failed"


def as_json(all_told: Sequence[Told]) -> str:
    """The same as JSON: the scenarios in order, and how many passed and failed."""
    passed = sum(told.result.passed for told in all_told)
    content = {
        "scenarios": [_scenario(told) for told in all_told],
        "passed": passed,
        "failed": len(all_told) - passed,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _scenario(told: Told) -> dict[str, Any]:
    result = told.result
    return {
        "file": told.file,
        "line": result.line,
        "name": result.name,
        "clauses": list(result.clauses),
        "result": "ok" if result.passed else "FAILED",
        "seconds": round(result.seconds, 3),
        "failures": [
            {
                "line": each.line,
                "date": each.on.isoformat() if each.on else None,
                "step": each.step,
                "expected": each.expected,
                "found": each.found,
                "area_not_built": each.area or None,
            }
            for each in result.failures
        ],
    }
