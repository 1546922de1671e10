"""Curves of models that the page draws beside measured values, each with its source and licence."""

from __future__ import annotations

import msgspec

from bessinside.plant.cells import ocv_table


class OcvCurve(msgspec.Struct, frozen=True):
    """Open-circuit voltage of a cell over its state of charge: a model, no register of the plant.

    `soc` in % and ascending, voltages in V. `charge` and `discharge` are the branches of the hysteresis, after charging
    and after discharging; the model of the residual is `mean`, straight lines between the points.
    """

    label: str
    source: str
    licence: str
    temperature_c: float
    soc: list[float]
    mean: list[float]
    charge: list[float]
    discharge: list[float]


def ocv_curve() -> OcvCurve:
    """The curve that the twin's residual rests on."""
    table = ocv_table()
    return OcvCurve(
        label="Sony US26650 (LFP/graphite)",
        source="SimSES, TUM Chair of Electrical Energy Storage Technology",
        licence="BSD-3-Clause",
        temperature_c=25.0,
        soc=[round(share * 100.0, 6) for share in table.soc.tolist()],
        mean=table.ocv.tolist(),
        charge=[round(volts, 6) for volts in (table.ocv + table.half_gap).tolist()],
        discharge=[round(volts, 6) for volts in (table.ocv - table.half_gap).tolist()],
    )
