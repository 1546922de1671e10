"""BESS Inside: a register-true digital twin of a battery storage plant."""
