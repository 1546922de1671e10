"""Units of registers, and how far each is from the unit that the core uses.

The core knows SI base units (W, var, VA, V, A, Hz, Wh, varh, Ω, Pa, m3/s, s, m), degrees Celsius and kelvin, % for
shares, and ``1`` for plain numbers; ``code`` and ``text`` have no unit. Only factors: no unit here needs an offset.
"""

from __future__ import annotations

from difflib import get_close_matches

from bessinside.errors import BessError

_PREFIXES = {"µ": 1e-6, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


class UnitError(BessError):
    """A unit is unknown, or does not lead to the unit asked for."""


def _prefixed(bases: str) -> dict[str, tuple[str, float]]:
    return {p + base: (base, f) for base in bases.split() for p, f in _PREFIXES.items()}


# unit as written in maps -> (unit of the core, factor). SunSpec's own spellings are kept beside the common ones.
UNITS: dict[str, tuple[str, float]] = {
    **_prefixed("W var VA V A Hz Wh varh VAh Ah Ω Pa s"),
    **{f"{p}Ohm": ("Ω", f) for p, f in _PREFIXES.items()},
    "": ("1", 1.0),
    "1": ("1", 1.0),
    "PF": ("1", 1.0),
    "cos()": ("1", 1.0),
    "count": ("1", 1.0),
    "code": ("code", 1.0),
    "text": ("text", 1.0),
    "%": ("%", 1.0),
    "Pct": ("%", 1.0),
    "%RH": ("%", 1.0),
    "%WHRtg": ("%", 1.0),
    "% WHRtg": ("%", 1.0),
    "%/m": ("%/m", 1.0),
    "%/ft": ("%/m", 1 / 0.3048),
    "C": ("°C", 1.0),
    "°C": ("°C", 1.0),
    "degC": ("°C", 1.0),
    "mC": ("°C", 1e-3),
    "K": ("K", 1.0),
    "Var": ("var", 1.0),
    "VAr": ("var", 1.0),
    "kVar": ("var", 1e3),
    "kVAr": ("var", 1e3),
    "Varh": ("varh", 1.0),
    "kVarh": ("varh", 1e3),
    "WH": ("Wh", 1.0),
    "AH": ("Ah", 1.0),
    "kAH": ("Ah", 1e3),
    "ohm": ("Ω", 1.0),
    "ohms": ("Ω", 1.0),
    "kO": ("Ω", 1e3),
    "bar": ("Pa", 1e5),
    "mbar": ("Pa", 100.0),
    "hPa": ("Pa", 100.0),
    "HPa": ("Pa", 100.0),
    "psi": ("Pa", 6894.757293168),
    "m3/s": ("m3/s", 1.0),
    "m3/h": ("m3/s", 1 / 3600),
    "l/min": ("m3/s", 1 / 60_000),
    "l/s": ("m3/s", 1e-3),
    "rpm": ("rpm", 1.0),
    "ppm": ("ppm", 1.0),
    "m": ("m", 1.0),
    "dm": ("m", 0.1),
    "cm": ("m", 0.01),
    "mm": ("m", 1e-3),
    "km": ("m", 1e3),
    "ft": ("m", 0.3048),
    "meters": ("m", 1.0),
    "m/s": ("m/s", 1.0),
    "mps": ("m/s", 1.0),
    "m/h": ("m/s", 1 / 3600),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
    "d": ("s", 86_400.0),
    "Sec": ("s", 1.0),
    "Secs": ("s", 1.0),
    "mSecs": ("s", 1e-3),
    "kg": ("kg", 1.0),
    "dB": ("dB", 1.0),
    "dBm": ("dBm", 1.0),
    "W/m2": ("W/m2", 1.0),
    "W/m^2": ("W/m2", 1.0),
    "°": ("°", 1.0),
    "deg": ("°", 1.0),
    "Degrees": ("°", 1.0),
}

# A share may be printed in per cent or as a plain number; a spread is the same number in °C and in K.
_BRIDGES = {("%", "1"): 0.01, ("1", "%"): 100.0, ("°C", "K"): 1.0, ("1", "code"): 1.0, ("code", "1"): 1.0}


def core_unit(units: str) -> tuple[str, float]:
    """The core's unit for ``units`` and the factor to it. Units that the table lacks stay as they are, factor 1.

    A figure must never be scaled by a guess, so an unknown unit is shown under its own name.
    """
    return UNITS.get(units, (units, 1.0))


def factor(units: str, wanted: str) -> float:
    """What to multiply a value in ``units`` with to get ``wanted``. Raises :class:`UnitError` if none leads there."""
    if wanted == "text" and not units:
        return 1.0
    if units not in UNITS:
        near = get_close_matches(units, UNITS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnitError(f"unit {units!r} is unknown, so it cannot become {wanted!r}{hint}")
    unit, scale = UNITS[units]
    core, back = core_unit(wanted)
    if unit == core:
        return scale / back
    if (unit, core) in _BRIDGES:
        return scale * _BRIDGES[unit, core] / back
    raise UnitError(f"unit {units!r} does not lead to {wanted!r}")
