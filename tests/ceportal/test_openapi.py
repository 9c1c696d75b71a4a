"""A change of the API that would break a client is found, and one that offers more is not."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ceportal.openapi.breaking import breaks
from tests.environment import PROJECT

RELEASED: dict[str, Any] = yaml.safe_load(
    """
    paths:
      /things:
        get:
          parameters:
            - {in: query, name: kind, schema: {type: string, enum: [a, b]}}
          responses:
            "200": {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
        post:
          requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Wish"}}}}
          responses: {"201": {description: made}}
    components:
      schemas:
        Thing:
          type: object
          required: [number, parts]
          properties:
            number: {type: string}
            parts: {type: array, items: {type: object, properties: {name: {type: string}}}}
        Wish:
          type: object
          required: [number]
          properties: {number: {type: string}, note: {type: [string, "null"]}}
    """
)
THINGS = RELEASED["paths"]["/things"]


def changed(*path: str, to: Any = None) -> dict[str, Any]:
    """The released schema with something else at a place, or nothing at all."""
    schema = copy.deepcopy(RELEASED)
    place: Any = schema
    for step in path[:-1]:
        place = place[int(step) if isinstance(place, list) else step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return schema


GET, POST = ("paths", "/things", "get"), ("paths", "/things", "post")
PARAMETER = (*GET, "parameters", "0")
THING, WISH = ("components", "schemas", "Thing"), ("components", "schemas", "Wish")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (changed("paths", "/things"), "GET /things is gone."),
        (changed(*POST), "POST /things is gone."),
        (changed(*GET, "parameters", to=[]), "GET /things takes no query parameter kind any more."),
        (changed(*PARAMETER, "required", to=True), "GET /things now needs the query parameter kind."),
        (changed(*PARAMETER, "schema", "enum", to=["a"]), "GET /things, parameter kind does not take b any more."),
        (
            changed(*POST, "parameters", to=[{"in": "header", "name": "Key", "required": True, "schema": {}}]),
            "POST /things now needs the header parameter Key.",
        ),
        (changed(*POST, "requestBody"), "POST /things takes no application/json any more."),
        (changed(*WISH, "required", to=["number", "note"]), "POST /things, body now needs note."),
        (changed(*WISH, "properties", "note"), "POST /things, body takes no note any more."),
        (
            changed(*WISH, "properties", "note", "type", to="string"),
            "POST /things, body, note takes no null any more.",
        ),
        (changed(*GET, "responses", to={"default": {}}), "GET /things does not answer 200 any more."),
        (changed(*THING, "properties", "number"), "GET /things, answer 200 has no number any more."),
        (changed(*THING, "required", to=["parts"]), "GET /things, answer 200 may now be without number."),
        (
            changed(*THING, "properties", "number", "type", to="integer"),
            "GET /things, answer 200, number may now be integer.",
        ),
        (
            changed(*THING, "properties", "parts", "items", "properties", to={}),
            "GET /things, answer 200, parts, each has no name any more.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_client_would_miss_is_said(now: dict[str, Any], said: str) -> None:
    assert said in breaks(RELEASED, now)


@pytest.mark.parametrize(
    "now",
    [
        RELEASED,
        changed("paths", "/more", to={"get": THINGS["get"]}),
        changed(*PARAMETER, "schema", "enum", to=["a", "b", "c"]),
        changed(*THING, "properties", "colour", to={"type": "string"}),
        changed(*WISH, "properties", "colour", to={"type": "string"}),
        changed(*WISH, "required", to=[]),
    ],
    ids=["nothing changed", "an operation more", "a value more", "a property given", "a property taken", "less needed"],
)
def test_what_offers_more_breaks_nobody(now: dict[str, Any]) -> None:
    assert breaks(RELEASED, now) == []


@pytest.mark.parametrize("name", ["openapi", "released"])
def test_the_committed_schemas_are_complete(name: str) -> None:
    schema = yaml.safe_load(Path(PROJECT / "docs/api" / f"{name}.yaml").read_text())

    assert schema["openapi"].startswith("3.1")
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert "default" in operation["responses"], operation["operationId"]
            assert operation["description"], operation["operationId"]
