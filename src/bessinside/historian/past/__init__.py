"""The past of a plant, decoded when it is asked for."""

from __future__ import annotations
