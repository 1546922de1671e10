"""What never changes any more: Parquet files of ten minutes and of days, their catalogue, minutes and hours."""

from __future__ import annotations
