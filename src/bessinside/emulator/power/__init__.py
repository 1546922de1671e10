"""From the bus to the grid: converters, their heat, transformer, grid, meter."""
