"""Scale factors of served SunSpec models: as fine as the sensors, as coarse as the largest value needs.

A value of 16 bits reaches 32,767 steps (65,534 without sign), so the factor of a power or a current follows from the
size of the plant: 3.2 MW leave steps of 100 W, 20 kV steps of 1 V.
"""

from __future__ import annotations

from math import ceil, log10

from bessinside.emulator.basis.design import Design

SIGNED, UNSIGNED, WIDE = 32767, 65534, 2**32 - 1
HEADROOM = 1.15  # over the rating: overloads and over-voltages are shown too
LIFE_CYCLES = 20 * 365 * 2  # that a 32-bit energy counter must hold
RACK_CURRENT, LOWEST_DC = 230.0, 0.8  # A for cells of 314 Ah; share of the nominal voltage
MILLI, CENTI, DECI = -3, -2, -1


def fitting(largest: float, steps: int, finest: int) -> int:
    """The smallest power of ten, not below `finest`, in which `largest` takes no more than `steps`."""
    return max(finest, ceil(log10(largest / steps)))


def scale_factors(kind: str, design: Design) -> dict[tuple[int, str], int]:
    """Exponents by (model, point) for the device of one meter, PCS, rack or container."""
    if kind == "meter":
        return _meter(design)
    return _pcs(design) if kind == "pcs" else _battery(kind, design)


def _meter(design: Design) -> dict[tuple[int, str], int]:
    power = HEADROOM * design.max_apparent * design.buses
    # The total is the sum of the phases.
    current = 3.0 * power / (design.grid_voltage * 3**0.5)
    energy = LIFE_CYCLES * design.racks * design.dc_voltage * design.cell.capacity
    names = {
        "A_SF": fitting(current, SIGNED, MILLI),
        "V_SF": fitting(HEADROOM * design.grid_voltage, SIGNED, DECI),
        "Hz_SF": CENTI,
        "W_SF": fitting(power, SIGNED, 0),
        "VA_SF": fitting(power, SIGNED, 0),
        "VAR_SF": fitting(power, SIGNED, 0),
        "PF_SF": CENTI,  # of a percentage
        **{f"Tot{what}_SF": fitting(energy, WIDE, 0) for what in ("Wh", "VAh", "VArh")},
    }
    return {(203, name): exponent for name, exponent in names.items()}


def _pcs(design: Design) -> dict[tuple[int, str], int]:
    power = HEADROOM * design.max_apparent
    energy = design.racks / design.buses * design.dc_voltage * design.cell.capacity
    ac = {
        "A_SF": fitting(3.0 * power / (design.ac_voltage * 3**0.5), SIGNED, DECI),
        "V_SF": fitting(HEADROOM * design.ac_voltage, UNSIGNED, DECI),
        "Hz_SF": MILLI,
        "W_SF": fitting(power, SIGNED, 0),
        "PF_SF": MILLI,
        "VA_SF": fitting(power, SIGNED, 0),
        "Var_SF": fitting(power, SIGNED, 0),
        "TotWh_SF": 0,
        "TotVarh_SF": 0,
        "Tmp_SF": DECI,
    }
    dc = {
        "DCA_SF": fitting(power / (LOWEST_DC * design.dc_voltage), SIGNED, DECI),
        "DCV_SF": fitting(HEADROOM * design.dc_voltage, UNSIGNED, DECI),
        "DCW_SF": fitting(power, SIGNED, 0),
        "DCWH_SF": 0,
        "Tmp_SF": DECI,
    }
    return {
        **{(701, name): exponent for name, exponent in ac.items()},
        (713, "WH_SF"): fitting(energy, UNSIGNED, 0),
        (713, "Pct_SF"): DECI,
        **{(714, name): exponent for name, exponent in dc.items()},
    }


def _battery(kind: str, design: Design) -> dict[tuple[int, str], int]:
    strings = design.racks if kind == "container" else 1
    current = strings * RACK_CURRENT * design.amps
    power = min(current * design.dc_voltage, HEADROOM * design.max_apparent * design.buses)
    names = {
        "AHRtg_SF": fitting(strings * design.cell.capacity, UNSIGNED, DECI),
        "WHRtg_SF": fitting(strings * design.dc_voltage * design.cell.capacity, UNSIGNED, 0),
        "WChaDisChaMax_SF": fitting(power, UNSIGNED, 0),
        "W_SF": fitting(power, SIGNED, 0),
        "A_SF": fitting(current, SIGNED, DECI),
        "AMax_SF": fitting(current, UNSIGNED, DECI),
        "V_SF": fitting(HEADROOM * design.dc_voltage, UNSIGNED, DECI),
        "CellV_SF": MILLI,
        **dict.fromkeys(("SoC_SF", "SoH_SF", "DoD_SF", "DisChaRte_SF", "ModTmp_SF", "Tmp_SF"), DECI),
    }
    return {(model, name): exponent for model in (802, 803, 804, 805) for name, exponent in names.items()}
