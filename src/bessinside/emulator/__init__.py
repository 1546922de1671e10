"""A physical LFP plant behind real Modbus servers. Between it and the twin there is only a socket."""
