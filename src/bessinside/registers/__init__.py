"""What words mean: register maps, and the codec between words and values."""

from bessinside.registers.codec import BAD_SCALE, NO_WORDS, NOT_A_NUMBER, OK, SENTINEL, Codec, EncodeError
from bessinside.registers.explain import Step
from bessinside.registers.layout import Layout, LayoutError, flatten
from bessinside.registers.loader import load_map, parse_map, shipped_maps
from bessinside.registers.located import MapError
from bessinside.registers.point import Addressing, Group, MapSource, Point, RegisterMap, Symbol
from bessinside.registers.sunspec import SunSpecDevice, chain, discover, sunspec_map
from bessinside.registers.sunspec_models import Model, SunSpecError, model, shipped_models
from bessinside.registers.units import UnitError, core_unit, factor
from bessinside.registers.wire_types import WIRE_TYPES, WireType

__all__ = [
    "BAD_SCALE",
    "NOT_A_NUMBER",
    "NO_WORDS",
    "OK",
    "SENTINEL",
    "WIRE_TYPES",
    "Addressing",
    "Codec",
    "EncodeError",
    "Group",
    "Layout",
    "LayoutError",
    "MapError",
    "MapSource",
    "Model",
    "Point",
    "RegisterMap",
    "Step",
    "SunSpecDevice",
    "SunSpecError",
    "Symbol",
    "UnitError",
    "WireType",
    "chain",
    "core_unit",
    "discover",
    "factor",
    "flatten",
    "load_map",
    "model",
    "parse_map",
    "shipped_maps",
    "shipped_models",
    "sunspec_map",
]
