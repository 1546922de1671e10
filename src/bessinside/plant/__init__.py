"""What stands where: plant files, the anatomy, the metric vocabulary, the 14 levels, and maps bound to a plant."""

from bessinside.plant.anatomy import Anatomy, Bus, Container
from bessinside.plant.binding import Binding, BoundDevice, bind
from bessinside.plant.levels import Level, levels
from bessinside.plant.plantfile import SUNSPEC, Device, Plant, PlantError, load_plant, parse_plant, shipped_plants
from bessinside.registers.metrics import Metric, vocabulary

__all__ = [
    "SUNSPEC",
    "Anatomy",
    "Binding",
    "BoundDevice",
    "Bus",
    "Container",
    "Device",
    "Level",
    "Metric",
    "Plant",
    "PlantError",
    "bind",
    "levels",
    "load_plant",
    "parse_plant",
    "shipped_plants",
    "vocabulary",
]
