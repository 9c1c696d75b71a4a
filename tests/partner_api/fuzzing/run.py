"""One run of schemathesis with one caller's token: what it sends, what is checked of every answer, what it found.

A call has its cases by the schema: valid, at the edges, and wrong in shape; then the links of the schema are followed
from answer to answer. Here real things are put into them, the caller's own and another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import unquote_plus

import schemathesis
from schemathesis import hooks
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case

from tests.partner_api.fuzzing.world import MARKED, Side, parameters_of

PROBLEM = "application/problem+json"
# What any call may be answered, with the problem that says why; the schema calls it the default answer.
PROBLEMS = {400, 401, 403, 404, 405, 406, 409, 410, 412, 415, 422, 428}
TOLD_BY_THE_PERSON = {"link", "name"}
KEY, MATCH = "Idempotency-Key", "If-Match"
CHECKS = (
    "not_a_server_error", "content_type_conformance", "response_schema_conformance", "response_headers_conformance",
    "unsupported_method", "ignored_auth", "said_by_the_schema", "nothing_of_another_tenant",
)  # fmt: skip


@schemathesis.check
def said_by_the_schema(_context: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> None:
    """A success is one that the operation names; anything else is a problem, with a status that may be met."""
    status = response.status_code
    if case.method.upper() == "OPTIONS":
        return  # says what may be asked for; no operation of the schema
    if status < 400:
        assert str(status) in case.operation.definition.raw["responses"], f"{status} is not in the schema"
    elif status == 429:  # of too many wrong names, which are counted apart from calls
        assert "retry-after" in response.headers
    elif status < 500:  # 5xx is the business of another check
        assert status in PROBLEMS, f"{status} is nothing that a caller is told of"
        assert response.headers["content-type"] == [PROBLEM], f"{status} comes as {response.headers['content-type']}"


@schemathesis.check
def nothing_of_another_tenant(_context: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> None:
    """No answer holds anything marked that was not in the request itself, save what everybody may read."""
    if case.operation.definition.raw["security"] == [{}]:
        return
    request = response.request
    body = request.body or b""
    sent = f"{unquote_plus(request.url or '')} {body.decode(errors='replace') if isinstance(body, bytes) else body}"
    told = f"{response.headers} {response.content.decode(errors='replace')}"
    leaked = {found for found in MARKED.findall(told) if found.lower() not in sent.lower()}
    assert not leaked, f"what belongs to another: {sorted(leaked)}"


@dataclass(slots=True)
class Found:
    """What a run did: how each operation was answered, and what was wrong, once for each operation and check."""

    answers: dict[str, Counter[int]] = field(default_factory=dict)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: int = 0


def fuzz(
    raw: dict[str, Any],
    *,
    address: str,
    token: str,
    ours: Side,
    theirs: Side,
    sees_all: bool,
    well_shaped: Sequence[str],
    examples: int,
    seed: int,
    seconds: int | None,
) -> Found:
    """Try the operations of a schema. With `seconds` for about that long, by the seed.

    `sees_all`: what belongs to others may be shown to the caller. `well_shaped`: operations that are sent examples and
    follow links, and not every wrong shape.
    """
    config = _config(address, token, sees_all, examples, seed, seconds)
    if well_shaped:
        config["operations"] = [
            {"include-operation-id": list(well_shaped), "phases": {"coverage": {"enabled": False}}},
        ]
    schema = schemathesis.openapi.from_dict(raw, config=schemathesis.Config.from_dict(config))
    filling = _Filling(ours, theirs)

    def before_call(_context: schemathesis.HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
        filling.fill(case)

    found = Found()
    schemathesis.hook(before_call)
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _note(event.recorder, found)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                label = getattr(event, "label", "run")
                found.wrong[(label, "error")] = str(getattr(event, "info", None) or event.exception)
    finally:
        hooks.unregister(before_call)
    return found


def _config(address: str, token: str, sees_all: bool, examples: int, seed: int, seconds: int | None) -> dict[str, Any]:
    checks = [name for name in CHECKS if not (sees_all and name == nothing_of_another_tenant.__name__)]
    return {
        "base-url": address,
        "headers": {"Authorization": f"Bearer {token}"},
        "seed": seed,
        **({} if seconds is None else {"max-time": seconds}),
        "continue-on-failure": True,
        "cache": {"enabled": False},
        "checks": {"enabled": False, **{name: {"enabled": True} for name in checks}},
        "generation": {
            "max-examples": examples,
            "deterministic": seconds is None,
            "no-shrink": seconds is None,
            "database": "none",
        },
        # Brief, two of the methods that an address does not have stand for all of them.
        **({"phases": {"coverage": {"unexpected-methods": ["PUT", "OPTIONS"]}}} if seconds is None else {}),
    }


class _Filling:
    """Puts real things into what is sent: by turns the caller's own, another's, and what was made up."""

    def __init__(self, ours: Side, theirs: Side) -> None:
        self.sides = (ours, theirs)
        self.numbers = count()

    def fill(self, case: Case) -> None:
        """Change a case that is about to be sent."""
        number = next(self.numbers)
        headers = case.headers or {}
        if KEY in headers and number % 8:
            headers[KEY] = f"fuzz-{number}"
        if MATCH in headers and number % 2:
            headers[MATCH] = "*"
        turn = number % 3
        if turn == 2:
            return
        side = self.sides[turn]
        if case.meta is None or case.meta.phase.name != "stateful":
            self._address(case, side)
        for name in sorted((case.query or {}).keys() & side.named.keys()):
            # Whoever has a link, or knows a name, is told; so nobody is given another's.
            case.query[name] = (self.sides[0] if name in TOLD_BY_THE_PERSON else side).named[name]
        _fill(case.body, self.sides[0].named)

    def _address(self, case: Case, side: Side) -> None:
        for name, key in parameters_of(case.operation.path):
            case.path_parameters[name] = side.known[key]


def _fill(body: Any, named: Mapping[str, Any]) -> None:
    if isinstance(body, list):
        for each in body:
            _fill(each, named)
    elif isinstance(body, dict):
        for name, value in body.items():
            if name in named and isinstance(value, str):
                body[name] = named[name]
            else:
                _fill(value, named)


def _note(recorder: Any, found: Found) -> None:
    for case_id, interaction in recorder.interactions.items():
        operation = recorder.cases[case_id].value.operation.definition.raw["operationId"]
        found.calls += 1
        if interaction.response is not None:
            found.answers.setdefault(operation, Counter())[interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        operation = recorder.cases[case_id].value.operation.definition.raw["operationId"]
        for check in checks:
            if check.failure_info is not None:
                found.wrong.setdefault(
                    (operation, check.name), f"{check.failure_info.failure}\n{check.failure_info.code_sample}"
                )
