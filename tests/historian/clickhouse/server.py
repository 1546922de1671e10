"""ClickHouse servers of the machine's own package, started by a test on free ports of the loopback, ended by their id.

Two of them make the cluster `bess`: one shard each, every server knowing both.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PROGRAM = shutil.which("clickhouse-server") or next(
    (path for path in ("/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server") if os.path.exists(path)), None
)
WITHOUT = "clickhouse-server is not on this machine and could not be installed (tests/prepare.py asks Debian for it)"
CLUSTER = "bess"
PASSWORD = "a word & 'another'"

_CONFIG = """\
<yandex>
  <logger><level>warning</level><log>{folder}/server.log</log><errorlog>{folder}/errors.log</errorlog></logger>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <listen_host>127.0.0.1</listen_host>
  <max_connections>256</max_connections>
  <mark_cache_size>67108864</mark_cache_size>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>{zone}</timezone>
  <remote_servers><{cluster}>{shards}</{cluster}></remote_servers>
</yandex>
"""
_SHARD = (
    "<shard><replica><host>127.0.0.1</host><port>{tcp}</port><user>recorder</user>"
    "<password>{password}</password></replica></shard>"
)
_USERS = """\
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <users><recorder><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></recorder></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows>
    <read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
"""


class Server:
    """One server process. `start`, `kill` (as a crash does it) and `start` again keep its data."""

    def __init__(self, folder: Path, zone: str) -> None:
        self.folder, self.zone = folder, zone
        self.http, self.tcp = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def configure(self, cluster: list[Server]) -> None:
        for name in ("data", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        password = PASSWORD.replace("&", "&amp;")
        shards = "".join(_SHARD.format(tcp=one.tcp, password=password) for one in cluster)
        text = _CONFIG.format(
            folder=self.folder, http=self.http, tcp=self.tcp, zone=self.zone, cluster=CLUSTER, shards=shards
        )
        (self.folder / "config.xml").write_text(text)
        (self.folder / "users.xml").write_text(_USERS.format(password=password))

    def start(self) -> None:
        assert PROGRAM is not None
        with open(self.folder / "out.log", "ab") as out:
            self.process = subprocess.Popen(
                [PROGRAM, f"--config-file={self.folder / 'config.xml'}"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder,
            )  # fmt: skip
        ends = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:
                    if answer.read() == b"Ok.\n":
                        return
            except (urllib.error.URLError, OSError):
                pass
            said = (self.folder / "out.log").read_text(errors="replace")[-2000:]
            assert self.process.poll() is None, f"the server ended at once: {said}"
            assert time.monotonic() < ends, f"no answer within a minute: {said}"
            time.sleep(0.05)

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None


class Cluster:
    """Two servers, one of them in another time zone: what is kept is UTC whatever the server's clock shows."""

    def __init__(self, folder: Path) -> None:
        self.servers = [Server(folder / "one", "UTC"), Server(folder / "two", "Asia/Kolkata")]
        for server in self.servers:
            server.configure(self.servers)

    def start(self) -> None:
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        for server in self.servers:
            server.kill()

    def address(self, database: str, *servers: int, more: str = "") -> str:
        """The address of a database on some of the servers, sharded over both where both are named."""
        chosen = [self.servers[number] for number in servers or (0, 1)]
        hosts = ",".join(f"127.0.0.1:{server.http}" for server in chosen)
        cluster = f"&cluster={CLUSTER}" if len(chosen) > 1 else ""
        return f"clickhouse://recorder@{hosts}/{database}?password_file={self.password_file}{cluster}{more}"

    @property
    def password_file(self) -> Path:
        path = self.servers[0].folder.parent / "password"
        path.write_text(PASSWORD + "\n")
        return path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
