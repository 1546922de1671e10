"""All parts as one plant: its step and how long that may be, its schedule, its past."""
