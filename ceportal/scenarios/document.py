"""YAML with the line of everything: a mapping's keys each once, a file's documents each by itself.

Nothing is turned into Python values here: whoever reads a scalar knows what it must be, so that `country: NO` is Norway
and `at: 08:30` no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

SEPARATOR = re.compile(r"^---(?=\s|$).*$", re.MULTILINE)


class ScenarioError(Exception):
    """A scenario cannot be read as it stands; `line` is counted from 1 in its file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a mapping with what stands behind it."""

    name: str
    line: int
    node: yaml.Node


def documents(text: str) -> Iterator[tuple[int, yaml.Node | ScenarioError]]:
    """The documents of a file, each with its first line; one that is no YAML is an error and stops no other."""
    starts = [0, *(match.end() for match in SEPARATOR.finditer(text))]
    ends = [*(match.start() for match in SEPARATOR.finditer(text)), len(text)]
    for start, end in zip(starts, ends, strict=True):
        lines_before = text.count("\n", 0, start)
        try:
            # As many empty lines as stand before it, so that every mark names the line of the file.
            node = yaml.compose("\n" * lines_before + text[start:end], Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else lines_before + 1
            yield line, ScenarioError(line, f"It is not YAML: {error.problem or error.context}.")
        except yaml.YAMLError as error:
            yield lines_before + 1, ScenarioError(lines_before + 1, f"It is not YAML: {error}")
        else:
            if node is not None:
                yield line_of(node), node


def line_of(node: yaml.Node) -> int:
    """The line on which a node begins."""
    line: int = node.start_mark.line + 1
    return line


def fields(node: yaml.Node, what: str) -> dict[str, Field]:
    """The fields of a mapping, in their order; ScenarioError for anything else, and for a key said twice."""
    if not isinstance(node, yaml.MappingNode):
        raise ScenarioError(line_of(node), f"{what} must be a mapping, not {written(node)}.")
    found: dict[str, Field] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ScenarioError(line_of(key), f"{what} has a key that is not a word: {written(key)}.")
        if key.value in found:
            raise ScenarioError(line_of(key), f"{what}: {key.value} stands twice.")
        found[key.value] = Field(key.value, line_of(key), value)
    return found


def items(node: yaml.Node, what: str) -> list[yaml.Node]:
    """The items of a list; ScenarioError for anything else."""
    if not isinstance(node, yaml.SequenceNode):
        raise ScenarioError(line_of(node), f"{what} must be a list, not {written(node)}.")
    return list(node.value)


def written(node: yaml.Node) -> str:
    """A node as it may be written in one line, to be quoted in a sentence."""
    if isinstance(node, yaml.ScalarNode):
        return node.value or "nothing"
    if isinstance(node, yaml.SequenceNode):
        return f"[{', '.join(written(each) for each in node.value)}]"
    return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in node.value) + "}"


def is_null(node: yaml.Node) -> bool:
    """Whether a node says null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def plain(node: yaml.Node) -> object:
    """A node as plain Python values, for what the policy book knows to read; dates are dates, numbers numbers."""
    loader = yaml.SafeLoader("")
    try:
        value: object = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ScenarioError(line_of(node), f"{written(node)} cannot be read: {error}") from error
    finally:
        loader.dispose()
    return value
