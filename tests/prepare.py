"""Gets what the tests need beyond Python packages: a browser, an independent Modbus reader, a ClickHouse server.

Takes what the machine has, else Debian's packages, else (for the browser) Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser() -> str | None:
    """The path of a Chromium that this machine has."""
    named = os.environ.get("BESSINSIDE_CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def database() -> bool:
    """Whether this machine has a ClickHouse server; tests start their own ones of it."""
    return shutil.which("clickhouse-server") is not None or os.path.exists("/usr/sbin/clickhouse-server")


def install_debian(*packages: str) -> bool:
    """Installs Debian packages where that is possible; whether it was."""
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    elevate = [] if os.geteuid() == 0 else [shutil.which("sudo") or "", "-n"]
    if elevate and not elevate[0]:
        return False
    quiet = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run([*elevate, apt, "update", "-qq"], check=False, env=environment, **quiet)
    command = [*elevate, apt, "install", "-y", "-qq", "--no-install-recommends", *packages]
    return subprocess.run(command, check=False, env=environment, **quiet).returncode == 0


def main() -> int:
    """Prepares the machine; 1 where no browser is to be had."""
    if shutil.which("mbpoll") is None and not install_debian("mbpoll"):
        print("mbpoll is not here and cannot be installed: its tests will say so")
    if not database() and not install_debian("clickhouse-server"):
        print("clickhouse-server is not here and cannot be installed: its tests will say so")
    if browser() is None and not install_debian("chromium"):
        found = subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=False)
        if found.returncode:
            print("no Chromium on this machine and none to be had: name one with BESSINSIDE_CHROMIUM")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
