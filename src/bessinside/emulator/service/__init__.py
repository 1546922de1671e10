"""The plant at work: its clock, its servers, its commands, its recordings."""
