"""BESS Inside: a register-true digital twin of a battery storage plant."""

from importlib.metadata import version

__version__ = version("bessinside")
