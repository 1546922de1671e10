"""Three people who each ask the same plant their own question: projections of one fact base.

A fact has one id and one value, whoever asks. Formulas stand in one file each, named after what they give; the views
only choose facts and put them in order.
"""

from __future__ import annotations

from bessinside.views.base import FactBase, UnknownFact
from bessinside.views.evidence import Evidence
from bessinside.views.fact import Fact, FactPassport, View
from bessinside.views.role import ROLES, UnknownRole, roles, view

__all__ = [
    "ROLES",
    "Evidence",
    "Fact",
    "FactBase",
    "FactPassport",
    "UnknownFact",
    "UnknownRole",
    "View",
    "roles",
    "view",
]
