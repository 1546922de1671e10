"""Answers as columns: NumPy as they are, Arrow or a DataFrame for whoever wants them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bessinside.errors import BessError


class Rows:
    """Columns of one length that leave as Arrow or as a DataFrame; times are UTC."""

    def columns(self) -> dict[str, Any]:
        """The columns by name, in order; columns called `time` and `until` are ns UTC."""
        raise NotImplementedError

    def arrow(self) -> Any:
        """A `pyarrow.Table`: times as timestamp[ns, UTC], values float64 with null for NaN."""
        import pyarrow as pa

        arrays = {}
        for name, column in self.columns().items():
            if name in ("time", "until"):
                arrays[name] = pa.array(column, pa.timestamp("ns", "UTC"))
            elif isinstance(column, np.ndarray) and column.dtype.kind == "f":
                arrays[name] = pa.array(column, from_pandas=True)
            else:
                arrays[name] = pa.array(column)
        return pa.table(arrays)

    def frame(self) -> Any:
        """A pandas DataFrame. Raises BessError where pandas is not installed (the extra `frames`)."""
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise BessError("a DataFrame needs pandas: pip install 'bessinside[frames]', or use .arrow()") from error
        return self.arrow().to_pandas()
