"""Writes the reference pages from the program itself, so that they cannot say something else.

- `python docs/make_reference.py` writes docs/reference/
- `python docs/make_reference.py --check` writes nothing; exit code 1 where a page is missing, stale or left over
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from writers import commands, derived, keys, levels, maps, metrics, routes, scenarios, signals

HERE = Path(__file__).parent
HEAD = "<!-- Written by docs/make_reference.py: change the source, then run it again. -->\n\n"


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference/."""
    found = {
        **maps.pages(),
        "metrics.md": metrics.page(),
        "levels.md": levels.page(),
        "derived.md": derived.page(),
        "scenarios.md": scenarios.page(),
        "signals.md": signals.page(),
        "cli.md": commands.page(),
        "api.md": routes.page(),
        "map-keys.md": keys.map_keys_page(),
        "plant-file-keys.md": keys.plant_file_keys_page(),
    }
    return {name: HEAD + text.rstrip() + "\n" for name, text in found.items()}


def differences(folder: Path, wanted: dict[str, str]) -> list[str]:
    """What the folder holds otherwise than wanted, one line each."""
    there = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    lines = [f"missing: {name}" for name in wanted if name not in there]
    lines += [f"stale: {name}" for name, text in wanted.items() if name in there and there[name] != text]
    return sorted(lines + [f"left over: {name}" for name in there if name not in wanted])


def write(folder: Path, wanted: dict[str, str]) -> None:
    """Makes the folder hold the pages and nothing else."""
    for line in differences(folder, wanted):
        what, _, name = line.partition(": ")
        path = folder / name
        if what == "left over":
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        print(line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    parser.add_argument("--folder", type=Path, default=HERE / "reference", help="another folder than docs/reference")
    chosen = parser.parse_args()
    if not chosen.check:
        write(chosen.folder, pages())
        return 0
    stale = differences(chosen.folder, pages())
    for line in stale:
        print(line)
    if stale:
        print("run `python docs/make_reference.py`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
