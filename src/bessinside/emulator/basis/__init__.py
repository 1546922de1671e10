"""What all rooms stand on: the design of the plant, its cell type, vendor-neutral codes, noise, data tables."""
