"""A physical LFP plant behind real Modbus servers. Between it and the twin there is only a socket.

Its rooms; each imports only from those below it, and those side by side do not know each other:

    service       the plant at work: clock, servers, commands, recordings
    trouble       scenarios, levers, the wire's own faults, and the truth about them
    worlds        the plant in registers: a vendor's maps or SunSpec
    whole         all parts as one plant, its step, its schedule, its past
    bms           battery management      power   bus to grid      container   coolant, air, safety
    battery       open-circuit curve, cells, ageing, cold plates, thermometers, racks in parallel
    basis         design, cell type, codes, noise, data tables
"""
