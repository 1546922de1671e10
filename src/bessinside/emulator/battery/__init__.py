"""From the cell to the bus: open-circuit curve, cells, ageing, cold plates, thermometers, racks in parallel."""
