"""The fact base: every fact is computed once for one moment and one span, and has the same value wherever it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bessinside.errors import BessError
from bessinside.market.prices.provenance import Provenance, credits
from bessinside.twin.passport import Passport
from bessinside.twin.state import UnknownFigure
from bessinside.views.definition import definitions
from bessinside.views.evidence import Evidence
from bessinside.views.fact import Cell, Column, Fact, FactPassport, Origin, Table
from bessinside.views.found import LACKING, Found, Lacking, Rows
from bessinside.views.wording import cell, missing, origin, said, source

T = TypeVar("T")
PASSPORTS = 12  # of figures, carried whole in the passport of a fact
READ, COMPUTED, STATED = "read", "computed", "stated"


class UnknownFact(BessError):
    """No fact has this id."""


class FactBase:
    """Facts over one piece of evidence. `formulas`: what computes each fact, by id."""

    def __init__(self, name: str, evidence: Evidence, formulas: Mapping[str, Formula]) -> None:
        self.name = name
        self.evidence = evidence
        self._formulas = formulas
        self._found: dict[str, Found | Lacking] = {}

    def found(self, fact_id: str) -> Found:
        """What a formula gave, computed at most once. Raises Lacking, UnknownFact."""
        if fact_id not in self._formulas:
            raise UnknownFact(f"{fact_id}: there is no such fact; there are {', '.join(self._formulas)}")
        if fact_id not in self._found:
            try:
                self._found[fact_id] = self._formulas[fact_id](self)
            except Lacking as error:
                self._found[fact_id] = error
        found = self._found[fact_id]
        if isinstance(found, Lacking):
            raise found
        return found

    def once(self, key: str, work: Callable[[], T]) -> T:
        """Something that several facts use, made at most once. Raises what `work` raised, each time."""
        return self.evidence.once(("formula", key), work)

    def value(self, fact_id: str) -> tuple[float, Origin]:
        """The value of another fact, and that fact as an origin. Raises Lacking."""
        found = self.found(fact_id)
        if not math.isfinite(found.value):
            raise Lacking(*found.missing)
        unit = definitions()[fact_id].unit
        return found.value, Origin("fact", fact_id, found.value, unit, found.mark(), f"/api/facts/{fact_id}/passport")

    def fact(self, fact_id: str, language: str = "en") -> Fact:
        """One fact in words. Raises UnknownFact."""
        words = definitions()
        try:
            found = self.found(fact_id)
            mark = found.mark()
        except Lacking as error:
            found, mark = Found(missing=error.missing), LACKING
        about = words[fact_id]
        of = self.evidence
        return Fact(
            id=fact_id,
            label=about.label(language),
            value=found.value if math.isfinite(found.value) else None,
            text=None if found.text is None else said(found.text, language),
            unit=about.unit,
            quality=mark,
            note=said(found.note, language),
            kind=about.kind,
            definition=about.text(language),
            equation=source(about.equation, language),
            reference=source(about.reference, language),
            missing=[missing(one, language) for one in found.missing],
            origin=[origin(one, language) for one in found.origin],
            span=[of.start_ns / 1e6, of.end_ns / 1e6] if found.spanned else None,
            table=None if found.table is None else self._table(fact_id, found.table, language),
            basis="" if mark == LACKING else self.basis(found),
        )

    def basis(self, found: Found) -> str:
        """What a value is made of: `read`, `computed` or `stated`, see :class:`~bessinside.views.fact.Fact`."""
        below = [self.basis(self.found(one.id)) for one in found.origin if one.kind == "fact"]
        if STATED in below or any(one.kind in ("input", "nameplate") for one in found.origin):
            return STATED
        alone = len(found.origin) == 1 and found.origin[0].kind == "figure" and found.origin[0].value == found.value
        return READ if alone else COMPUTED

    def _table(self, fact_id: str, rows: Rows, language: str) -> Table:
        about = definitions()[fact_id]
        columns = [Column(key, about.column(key, language), unit) for key, unit in rows.columns]
        every = rows.told(language)
        return Table(columns, [_plain(row, language) for row in every[: rows.most]], rows.draw, len(every))

    def passport(self, fact_id: str, language: str = "en") -> FactPassport:
        """Where a fact comes from, down to the figures. Raises UnknownFact."""
        fact = self.fact(fact_id, language)
        facts = [self.fact(one.id, language) for one in fact.origin if one.kind == "fact"]
        names = list(dict.fromkeys(self._figures(fact, set())))
        found: list[Passport] = []
        for name in names[:PASSPORTS]:
            try:
                found.append(self.evidence.state.passport(name, language))
            except UnknownFigure:  # a figure of the past that the plant of today does not have
                continue
        priced = any(one.kind == "prices" for below in (fact, *facts) for one in below.origin)
        prices = self._provenance() if priced else []
        return FactPassport(self.name, fact, facts, found, len(names), prices, credits(tuple(prices)))

    def _figures(self, fact: Fact, seen: set[str]) -> list[str]:
        """Figures of a fact and of the facts below it, in the order in which they are used."""
        names = [one.name for one in fact.missing if one.kind == "reading"]
        for one in fact.origin:
            if one.kind in ("figure", "counter"):
                names.append(one.id)
            elif one.kind == "fact" and one.id not in seen:
                seen.add(one.id)
                names += self._figures(self.fact(one.id), seen)
        return names

    def _provenance(self) -> list[Provenance]:
        return list(dict.fromkeys(one for series in self.evidence.used_prices() for one in series.provenance))[:20]

    def attribution(self) -> str:
        """Sources and licences of all prices that were used so far."""
        return credits(tuple(self._provenance()))


Formula = Callable[["FactBase"], Found]
"""Computes one fact; raises Lacking where it cannot be had."""


def _plain(row: Sequence[Cell], language: str) -> list[Cell]:
    """JSON has no NaN."""
    return [None if isinstance(one, float) and not math.isfinite(one) else cell(one, language) for one in row]
