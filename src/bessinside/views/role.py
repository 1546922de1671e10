"""The three roles as data: which facts each sees, in which groups and order, and what matters on the 14 levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bessinside.errors import BessError
from bessinside.runtime import disk
from bessinside.views.base import FactBase
from bessinside.views.fact import Group, RoleRow, View

FILE = Path(__file__).with_name("roles.yaml")
ROLES = ("investor", "marketer", "purchaser")


class UnknownRole(BessError):
    """No view has this name."""


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts that one role sees together."""

    id: str
    titles: Mapping[str, str]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """One role. `emphasis`: for each level the metrics that matter to it, most important first."""

    id: str
    titles: Mapping[str, str]
    questions: Mapping[str, str]
    groups: tuple[FactGroup, ...]
    emphasis: Mapping[int, tuple[str, ...]]

    @property
    def facts(self) -> tuple[str, ...]:
        """Ids of all its facts, in order."""
        return tuple(name for group in self.groups for name in group.facts)

    def row(self, language: str = "en") -> RoleRow:
        emphasis = {str(level): list(metrics) for level, metrics in self.emphasis.items()}
        return RoleRow(self.id, self.titles[language], self.questions[language], emphasis)


@cache
def roles() -> Mapping[str, Role]:
    """The roles by id."""
    found = {}
    for name, row in yaml.safe_load(disk.read_text(FILE)).items():
        groups = tuple(
            FactGroup(key, {language: group[language] for language in ("en", "de")}, tuple(group["facts"]))
            for key, group in row["groups"].items()
        )
        found[name] = Role(
            id=name,
            titles={language: row[language]["title"] for language in ("en", "de")},
            questions={language: row[language]["question"] for language in ("en", "de")},
            groups=groups,
            emphasis={int(level): tuple(metrics) for level, metrics in row["emphasis"].items()},
        )
    return found


def role_of(name: str) -> Role:
    """The role of that id. Raises UnknownRole."""
    if name not in roles():
        raise UnknownRole(f"{name}: there is no such view; there are {', '.join(roles())}")
    return roles()[name]


def view(base: FactBase, role: str, language: str = "en", *, live: bool = True) -> View:
    """What a role sees of a fact base. Raises UnknownRole."""
    mine = role_of(role)
    groups = [
        Group(group.id, group.titles[language], [base.fact(name, language) for name in group.facts])
        for group in mine.groups
    ]
    of = base.evidence
    return View(
        role=mine.id,
        title=mine.titles[language],
        question=mine.questions[language],
        base=base.name,
        plant=of.plant.label,
        emulated=of.plant.emulated,
        now_ms=of.now.time_ns / 1e6,
        live=live,
        span=[of.start_ns / 1e6, of.end_ns / 1e6] if of.past is not None else None,
        groups=groups,
        emphasis={str(level): list(metrics) for level, metrics in mine.emphasis.items()},
        attribution=base.attribution(),
    )
