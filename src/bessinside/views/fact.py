"""One fact: a number with its definition, equation, reference, quality and origin, or what is missing, by name."""

from __future__ import annotations

import msgspec

from bessinside.market.prices.provenance import Provenance
from bessinside.twin.passport import Passport

Cell = str | float | None


class Missing(msgspec.Struct, frozen=True):
    """What a fact would need. `kind`: register (no device of the plant carries this metric), reading (it has no good
    value), history (nothing or too little was recorded), feed (a series of prices), input (a key of the plant file);
    `name`: which one; `why` and `how` in words: what is wrong and what to do.
    """

    kind: str
    name: str
    why: str
    how: str


class Origin(msgspec.Struct, frozen=True):
    """One thing that a fact rests on. `kind`: figure (a reading or derived figure), counter (a figure over the span),
    fact (another one), input (a key of the plant file), prices (a series), slots (a schedule), events, nameplate.

    `id` is that of the figure or fact, the key or the series; `link`: where its own passport can be asked, empty where
    there is none; `words`: what else is to be known, such as the licence of a series.
    """

    kind: str
    id: str
    value: float | None
    unit: str
    quality: str
    link: str
    words: str = ""


class Column(msgspec.Struct, frozen=True):
    """One column of a table: its key, its name and the unit of its numbers (`ms`: UTC since 1970)."""

    key: str
    label: str
    unit: str


class Table(msgspec.Struct, frozen=True):
    """What a fact is made of, row by row: racks, slots, bins, scenarios, events. `draw`: how it is best shown, as a
    table, bars (of the second column over the first) or line. `total` rows are there, of which the first are listed.
    """

    columns: list[Column]
    rows: list[list[Cell]]
    draw: str = "table"
    total: int = 0


class Fact(msgspec.Struct, frozen=True):
    """One fact. `value` is null where `missing` says what it would take; `text` where the fact is words.

    `quality`: good, or the worst quality of what it rests on (stale, no answer, …), `partly` where some of it was left
    out, `assumption` where it rests on example values, `missing`. `kind`: registers (what was counted or read), model
    (rests on a model), bound (an upper bound, not a forecast), input (money that the plant file states), plan.
    `basis`: read (the value of one register), computed (from registers alone), stated (from registers and what the
    plant file states, or from that alone); empty without a value.
    `span`: begin and end, UTC ms, of what it counts; null where it is of this moment.
    """

    id: str
    label: str
    value: float | None
    text: str | None
    unit: str
    quality: str
    note: str
    kind: str
    definition: str
    equation: str
    reference: str
    missing: list[Missing]
    origin: list[Origin]
    span: list[float] | None = None
    table: Table | None = None
    basis: str = ""


class FactPassport(msgspec.Struct, frozen=True):
    """Where a fact comes from: the fact itself, the facts below it, the passports of the figures it rests on (the first
    `figures` of `figures_total`), and the price series with source and licence. `base` names the moment and the span.
    """

    base: str
    fact: Fact
    facts: list[Fact]
    figures: list[Passport]
    figures_total: int
    prices: list[Provenance]
    attribution: str


class Group(msgspec.Struct, frozen=True):
    """Facts that belong together."""

    id: str
    title: str
    facts: list[Fact]


class View(msgspec.Struct, frozen=True):
    """What one role sees. `base` names the moment and the span: another view or a passport of the same base has the
    same values. `emphasis`: for each level, 1 to 14, the metrics that matter most to this role, most important first.
    """

    role: str
    title: str
    question: str
    base: str
    plant: str
    emulated: bool
    now_ms: float
    live: bool
    span: list[float] | None
    groups: list[Group]
    emphasis: dict[str, list[str]]
    attribution: str


class RoleRow(msgspec.Struct, frozen=True):
    """A role: its id, title and question; `emphasis` for each level, 1 to 14, the metrics that matter most to it."""

    id: str
    title: str
    question: str
    emphasis: dict[str, list[str]]


class RolesRow(msgspec.Struct, frozen=True):
    """All roles. `mine`: the role of the person signed in, empty where sign-in is off or the user has none; `choice`:
    whether the person may look through the eyes of another role (sign-in is off, or the role is none of the three).
    """

    roles: list[RoleRow]
    mine: str
    choice: bool
