"""Schedules of somebody who knows less than everything: made day by day, followed by a battery, paid at real prices."""

from __future__ import annotations
