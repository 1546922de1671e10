"""The best use of a battery at known prices: a linear programme, its proof, and a schedule that can be carried out."""

from __future__ import annotations
