"""What must show a scenario: a figure in a relation, or an alarm, by a time after the start."""

from __future__ import annotations

from typing import Literal

import msgspec

from bessinside.emulator.trouble.act import Seconds


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that must show it at the latest `within` after the start.

    `figure` is a metric (`rack.voltage`), looked at where the acts took place (`at = "it"`), at its siblings
    (`at = "others"`) or at a path. With `against` its difference is meant: to another metric of the same part, or to
    the median of its siblings (`"others"`). Every part found must show it.

        above, below        the value (or difference) passes `value`
        rises, falls        it passes its value at the start of the scenario by `value`
        jumps               it changes by more than `value` from one look to the next
        still               its registers do not change for `value` s
        is                  it equals `value` to half a millionth
        missing             the register says that there is no value
        silent              the device does not answer as it should: silence, a cut connection, later than `value` s
    """

    figure: str
    relation: Literal["above", "below", "rises", "falls", "jumps", "still", "is", "missing", "silent"]
    within: Seconds
    value: float = 0.0
    at: str = "it"
    against: str = ""


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alarm that must stand at the latest `within` after the start. `level` 1 to 3 where the kind has levels."""

    name: str
    kind: str
    within: Seconds
    level: int | None = None
    at: str = "it"


def in_words(expected: Expectation) -> str:
    """What an expectation says of its figure, without the figure: `above 0.2`, `below −0.02 against others`."""
    if expected.relation in ("missing", "silent"):
        words = {"missing": "no value", "silent": "no answer as it should be"}[expected.relation]
    else:
        by = {"rises": " by", "falls": " by", "jumps": " by", "still": " for"}.get(expected.relation, "")
        words = f"{expected.relation}{by} {expected.value:g}{' s' if expected.relation == 'still' else ''}"
    return f"{words} against {expected.against}" if expected.against else words
