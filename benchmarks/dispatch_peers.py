"""The same battery at the same prices in other people's energy models, each in its own words.

1 MW at the meter both ways, energy at the cells, losses as the square root of the round trip each way, discharged
energy at the meter capped by the local day, empty at the start and at the end. Both solve it with HiGHS on one
thread.
"""

from __future__ import annotations

import importlib.util
import logging
import time
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """Prices float64[n] EUR/MWh, day int32[n] of each slot, hours of a slot, and the battery."""

    prices: Floats
    day: NDArray[np.int32]
    hours: float
    energy_mwh: float = 2.0
    round_trip: float = 0.88
    cycles: float = 1.5

    @property
    def eta(self) -> float:
        return self.round_trip**0.5

    @property
    def cap_mwh(self) -> float:
        return self.cycles * self.energy_mwh


@dataclass(frozen=True)
class Answer:
    """EUR, and seconds of the processor for building and for solving; importing the program is not counted."""

    eur: float
    build_s: float
    solve_s: float

    @property
    def total_s(self) -> float:
        return self.build_s + self.solve_s


def installed(module: str) -> bool:
    """Whether a peer is there."""
    return importlib.util.find_spec(module.split(".")[0]) is not None


def quiet() -> None:
    """Their logs and warnings of pandas do not belong among the figures."""
    warnings.simplefilter("ignore")
    for name in ("pypsa", "linopy", "pyomo", "root"):
        logging.getLogger(name).setLevel(logging.ERROR)


def pypsa(question: Question) -> Answer:
    """PyPSA: a storage unit beside a generator that buys and sells at the price; cap and end as linopy constraints."""
    import pandas as pd
    import pypsa as library
    import xarray as xr

    began = time.process_time()
    n = len(question.prices)
    network = library.Network()
    network.set_snapshots(pd.RangeIndex(n))
    weights = dict.fromkeys(network.snapshot_weightings.columns, question.hours)
    network.snapshot_weightings = pd.DataFrame(weights, index=network.snapshots)
    network.add("Bus", "grid")
    network.add(
        "Generator", "market", bus="grid", p_nom=10.0, p_min_pu=-1.0, p_max_pu=1.0,
        marginal_cost=pd.Series(question.prices, index=network.snapshots),
    )  # fmt: skip
    network.add(
        "StorageUnit", "battery", bus="grid", p_nom=1.0, max_hours=question.energy_mwh,
        efficiency_store=question.eta, efficiency_dispatch=question.eta,
        cyclic_state_of_charge=False, state_of_charge_initial=0.0,
    )  # fmt: skip
    model = network.optimize.create_model()
    out = model.variables["StorageUnit-p_dispatch"]
    days = xr.DataArray(question.day, coords={"snapshot": network.snapshots}, name="day")
    model.add_constraints(out.groupby(days).sum() * question.hours <= question.cap_mwh, name="cycles")
    level = model.variables["StorageUnit-state_of_charge"]
    model.add_constraints(level.isel(snapshot=-1) == 0.0, name="end")
    built = time.process_time()
    network.optimize.solve_model(  # its fastest way: straight into the solver, no file between
        solver_name="highs", io_api="direct", solver_options={"threads": 1, "output_flag": False},
        assign_all_duals=False,
    )  # fmt: skip
    return Answer(-float(network.objective), built - began, time.process_time() - built)


def oemof(question: Question) -> Answer:
    """oemof-solph: a generic storage between a source and a sink at the price; the cap as a Pyomo constraint."""
    import pandas as pd
    import pyomo.environ as pyo
    from oemof import solph

    began = time.process_time()
    n = len(question.prices)
    index = pd.date_range("2025-01-01", periods=n + 1, freq=pd.Timedelta(hours=question.hours), tz="UTC")
    system = solph.EnergySystem(timeindex=index, infer_last_interval=False)
    bus = solph.Bus(label="grid")
    buy = solph.components.Source(label="buy", outputs={bus: solph.Flow(variable_costs=question.prices)})
    sell = solph.components.Sink(label="sell", inputs={bus: solph.Flow(variable_costs=-question.prices)})
    storage = solph.components.GenericStorage(
        label="battery", nominal_capacity=question.energy_mwh,
        inputs={bus: solph.Flow(nominal_capacity=1.0)}, outputs={bus: solph.Flow(nominal_capacity=1.0)},
        inflow_conversion_factor=question.eta, outflow_conversion_factor=question.eta,
        initial_storage_level=0.0, balanced=True,
    )  # fmt: skip
    system.add(bus, buy, sell, storage)
    model = solph.Model(system)
    days = [np.flatnonzero(question.day == day) for day in range(int(question.day[-1]) + 1)]

    def cap(block: pyo.Block, day: int) -> object:
        return sum(model.flow[storage, bus, int(t)] for t in days[day]) * question.hours <= question.cap_mwh

    model.cycles = pyo.Constraint(range(len(days)), rule=cap)
    built = time.process_time()
    solver = pyo.SolverFactory("appsi_highs")
    solver.highs_options = {"threads": 1}
    for suffix in ("dual", "rc"):  # the door to its solver asks for suffixes that the model has only as None
        setattr(model, suffix, pyo.Suffix(direction=pyo.Suffix.LOCAL))
    solver.solve(model)
    return Answer(-float(pyo.value(model.objective)), built - began, time.process_time() - built)


PEERS = {"pypsa": ("pypsa", pypsa), "oemof": ("oemof.solph", oemof)}
