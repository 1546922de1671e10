"""The archive in a folder: a recorder that writes it and a store that reads it."""

from __future__ import annotations
