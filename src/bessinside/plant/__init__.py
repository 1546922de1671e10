"""What stands where: plant files, the anatomy, the metric vocabulary, the 14 levels, and maps bound to a plant."""

from bessinside.plant.anatomy import Anatomy, Bus, Container
from bessinside.plant.binding import Binding, BoundDevice, bind
from bessinside.plant.levels import Level, levels
from bessinside.registers.metrics import Metric, vocabulary
from bessinside.plant.plantfile import Device, Plant, PlantError, load_plant, parse_plant, shipped_plants

__all__ = [
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
