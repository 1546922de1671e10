"""YAML that remembers its lines, so that an error can name file, line, key and what was expected there.

Scalars follow YAML 1.2's core schema: only ``true`` and ``false`` are truth values and a date stays text, so that a
symbol named ``OFF`` or an issue date needs no quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

import yaml

from bessinside.errors import BessError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


class MapError(BessError):
    """A map file does not say what it must. ``line`` is 0 where no single line is at fault."""

    def __init__(self, file: str, line: int, key: str, expected: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {expected}")
        self.file, self.line, self.key, self.expected = file, line, key, expected


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest known word, or all of them where none is near."""
    known = list(known)
    near = get_close_matches(word, known, 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"


class Entries(dict[str, Any]):
    """A mapping of the file, read key by key; every complaint carries file and line."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file, self.line, self.lines = file, line, dict[str, int]()

    def error(self, key: str, expected: str) -> MapError:
        """An error at ``key``, or at the start of this mapping where the key is missing."""
        return MapError(self.file, self.lines.get(key, self.line), key, expected)

    def allow(self, what: str, known: Iterable[str]) -> None:
        """Raises for the first key that ``what`` does not know."""
        known = set(known)
        for key in self:
            if key not in known:
                raise self.error(key, f"unknown key of {what}; {did_you_mean(key, known)}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a number written where text is meant (an issue ``2.3``) is taken as written."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or (default is None and value == ""):
            raise self.error(key, f"expected text, found {_named(value)}")
        return str(value).strip()

    def integer(self, key: str, default: int | None = None, low: int = 0, high: int = 65535) -> int:
        """A whole number within [low, high]."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"expected a whole number from {low} to {high}, found {_named(value)}")
        return value

    def number(self, key: str, default: float) -> float:
        """A number."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"expected a number, found {_named(value)}")
        return float(value)

    def flag(self, key: str) -> bool:
        """true or false; false where absent."""
        value = self.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, found {_named(value)}")
        return value

    def choice(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """One word of a closed list."""
        value = self.get(key, default)
        known = list(known)
        if value not in known:
            found = _named(value)
            raise self.error(key, f"expected one of the known words, found {found}; {did_you_mean(str(value), known)}")
        return str(value)

    def entries(self, key: str, required: bool = False) -> Entries:
        """A mapping below this one; empty where absent and not required."""
        value = self.get(key)
        if value is None and not required:
            return Entries(self.file, self.lines.get(key, self.line))
        if not isinstance(value, Entries):
            raise self.error(key, f"expected a mapping, found {_named(value)}")
        return value

    def each(self, key: str) -> list[Entries]:
        """A list of mappings below this one; empty where absent."""
        value = self.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Entries) for item in value):
            raise self.error(key, f"expected a list of mappings, found {_named(value)}")
        return value

    def several(self, key: str, kind: type | tuple[type, ...], what: str) -> list[Any]:
        """A list of scalars; a single one may stand without brackets."""
        value = self.get(key, [])
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, bool) or not isinstance(item, kind) for item in items):
            raise self.error(key, f"expected {what}, found {_named(value)}")
        return items


def _named(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else repr(value)


def parse(text: str, file: str) -> Entries:
    """The mapping that a YAML document holds. Raises :class:`MapError` for broken YAML, doubled keys, another root."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise MapError(file, line, "YAML", f"cannot be read: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise MapError(file, 0, "YAML", f"cannot be read: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise MapError(file, 1, "map", "expected a mapping with id, label, x-source and group")
    try:
        entries = _build(root, file)
    except RecursionError as error:
        raise MapError(file, 1, "YAML", "an alias leads back into itself, or it nests too deep") from error
    assert isinstance(entries, Entries)
    return entries


def _build(node: yaml.Node, file: str) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        entries = Entries(file, line)
        for key_node, value_node in node.value:
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            if key in entries:
                raise MapError(file, key_line, key, f"stands twice; the first is on line {entries.lines[key]}")
            entries[key], entries.lines[key] = _build(value_node, file), key_line
        return entries
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, file) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    return node.value if node.style else scalar(node.value)


def scalar(word: str) -> Any:
    """What an unquoted word means: whole number, number, truth value, nothing, or text."""
    if word.lower() in _WORDS and word in (word.lower(), word.capitalize(), word.upper()):
        return _WORDS[word.lower()]
    readers: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
        (_INTEGER, lambda text: int(text, 10 if text.lstrip("+-").isdigit() else 0)),
        (_DECIMAL, float),
    )
    for pattern, read in readers:
        if pattern.fullmatch(word):
            return read(word)
    return word
