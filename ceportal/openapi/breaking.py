"""What breaks a client: whatever it could send, or rely on in an answer, and now cannot.

Two schemas are compared operation by operation. More may be offered (operations, optional parameters, properties of
answers, values that are accepted); nothing may be taken away, and nothing new be asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def breaks(released: Schema, now: Schema) -> list[str]:
    """One sentence for each thing that a client of the released schema would miss, in the schema's order."""
    return list(_operations(released, now))


def _operations(released: Schema, now: Schema) -> Iterator[str]:
    for path, methods in released["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            where = f"{method.upper()} {path}"
            successor = now["paths"].get(path, {}).get(method)
            if successor is None:
                yield f"{where} is gone."
                continue
            yield from _parameters(where, methods[method], successor, released, now)
            yield from _bodies(where, methods[method], successor, released, now)
            yield from _answers(where, methods[method], successor, released, now)


def _parameters(where: str, before: Schema, after: Schema, released: Schema, now: Schema) -> Iterator[str]:
    known = {(each["in"], each["name"]): each for each in before.get("parameters", [])}
    taken = {(each["in"], each["name"]): each for each in after.get("parameters", [])}
    for key, parameter in known.items():
        if key not in taken:
            yield f"{where} takes no {key[0]} parameter {key[1]} any more."
            continue
        if taken[key].get("required") and not parameter.get("required"):
            yield f"{where} now needs the {key[0]} parameter {key[1]}."
        yield from _sent(f"{where}, parameter {key[1]}", parameter["schema"], taken[key]["schema"], released, now)
    for key in taken.keys() - known.keys():
        if taken[key].get("required"):
            yield f"{where} now needs the {key[0]} parameter {key[1]}."


def _bodies(where: str, before: Schema, after: Schema, released: Schema, now: Schema) -> Iterator[str]:
    for kind, body in before.get("requestBody", {}).get("content", {}).items():
        successor = after.get("requestBody", {}).get("content", {}).get(kind)
        if successor is None:
            yield f"{where} takes no {kind} any more."
        else:
            yield from _sent(f"{where}, body", body["schema"], successor["schema"], released, now)


def _answers(where: str, before: Schema, after: Schema, released: Schema, now: Schema) -> Iterator[str]:
    for status, answer in before["responses"].items():
        successor = after["responses"].get(status)
        if successor is None:
            yield f"{where} does not answer {status} any more."
            continue
        for kind, content in answer.get("content", {}).items():
            if kind not in successor.get("content", {}):
                yield f"{where} does not answer {status} as {kind} any more."
            elif "schema" in content:
                new = successor["content"][kind]["schema"]
                yield from _given(f"{where}, answer {status}", content["schema"], new, released, now)


def _sent(where: str, before: Schema, after: Schema, released: Schema, now: Schema) -> Iterator[str]:
    """What clients send: as much must be taken as before, and no more be needed."""
    before, after = _resolved(before, released), _resolved(after, now)
    if missing := _types(before) - _types(after):
        yield f"{where} takes no {', '.join(sorted(missing))} any more."
        return
    if "enum" in after and (gone := set(map(str, before.get("enum", ["any value"]))) - set(map(str, after["enum"]))):
        yield f"{where} does not take {', '.join(sorted(gone))} any more."
    for name in set(after.get("required", [])) - set(before.get("required", [])):
        yield f"{where} now needs {name}."
    for name, schema in before.get("properties", {}).items():
        if name not in after.get("properties", {}):
            yield f"{where} takes no {name} any more."
        else:
            yield from _sent(f"{where}, {name}", schema, after["properties"][name], released, now)
    if "items" in before and "items" in after:
        yield from _sent(f"{where}, each", before["items"], after["items"], released, now)


def _given(where: str, before: Schema, after: Schema, released: Schema, now: Schema) -> Iterator[str]:
    """What clients are given: everything that they were, of no other type."""
    before, after = _resolved(before, released), _resolved(after, now)
    if new := _types(after) - _types(before):
        yield f"{where} may now be {', '.join(sorted(new))}."
        return
    for name in set(before.get("required", [])) - set(after.get("required", [])):
        yield f"{where} may now be without {name}."
    for name, schema in before.get("properties", {}).items():
        if name not in after.get("properties", {}):
            yield f"{where} has no {name} any more."
        else:
            yield from _given(f"{where}, {name}", schema, after["properties"][name], released, now)
    if "items" in before and "items" in after:
        yield from _given(f"{where}, each", before["items"], after["items"], released, now)


def _resolved(schema: Schema, document: Schema) -> Schema:
    """The schema itself where it is referred to; alternatives are left as they are."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    parts = schema.get("allOf", [])
    if len(parts) == 1:
        return {**_resolved(parts[0], document), **{key: schema[key] for key in schema if key != "allOf"}}
    return schema


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)
