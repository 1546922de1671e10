"""What is true now: polling, snapshot, quality, passports, derived figures."""

from bessinside.twin.figure import FigureRow, LevelRow
from bessinside.twin.passport import Passport
from bessinside.twin.quality import Quality
from bessinside.twin.snapshot import Snapshot
from bessinside.twin.state import State, UnknownFigure
from bessinside.twin.twin import Twin

__all__ = ["FigureRow", "LevelRow", "Passport", "Quality", "Snapshot", "State", "Twin", "UnknownFigure"]
