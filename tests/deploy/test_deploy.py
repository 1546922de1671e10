"""What stands in deploy/ fits the program and itself: paths, commands, devices, servers, secrets, the unit file."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
import venv
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
import yaml

from bessinside.cli import app
from bessinside.historian.clickhouse.address import Address, parse_address
from bessinside.plant import load_plant
from tests.historian.clickhouse.server import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGE = ROOT / "src/bessinside/web/page"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("poller-a", "poller-b", "web-1", "web-2")


def given(text: str) -> str:
    """A text of the compose file where nothing was set beside it: what stands behind `:-`."""
    return re.sub(r"\$\{\w+(?::[-?]([^}]*))?\}", lambda found: found[1] or "", text)


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The options of a command as the program understands them; fails where it does not."""
    group: Any = typer.main.get_command(app)
    command = group.commands[arguments[0]]
    return dict(command.make_context(arguments[0], arguments[1:]).params)


def address_of(options: dict[str, Any]) -> Address:
    text = options["historian"] or options["past"]
    return parse_address(re.sub(r"&?password_file=[^&]*", "", text))


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_the_program(name: str) -> None:
    options = parsed([given(word) for word in SERVICES[name]["command"]])
    assert options["plant"] == "/etc/bessinside/plant.toml"
    assert f"./plant.toml:{options['plant']}:ro" in SERVICES[name]["volumes"]
    address = address_of(options)
    assert {host.removeprefix("http://").removesuffix(":8123") for host in address.hosts} <= set(SERVICES)
    secret = re.search(r"password_file=/run/secrets/(\w+)", options["historian"] or options["past"])
    assert secret
    assert secret[1] in SERVICES[name]["secrets"]
    if name.startswith("web"):
        assert options["past"]
        assert options["behind_proxy"]
        assert options["users"] == Path("/run/secrets/users")
        assert "127.0.0.1" in options["name"]  # the look at its health comes by that name
    else:
        assert options["historian"]
        assert any(volume.endswith(":/var/lib/bessinside") for volume in SERVICES[name]["volumes"])


def test_pollers_share_the_devices_of_the_reference_plant() -> None:
    shares = [parsed([given(word) for word in SERVICES[name]["command"]])["only"] for name in ("poller-a", "poller-b")]
    for device in load_plant("ref-5m").devices:
        having = [share for share in shares if any(fnmatch.fnmatchcase(device.id, pattern) for pattern in share)]
        assert len(having) == 1, device.id


def test_all_speak_of_one_cluster() -> None:
    cluster = ElementTree.parse(DEPLOY / "clickhouse" / "cluster.xml").getroot()
    (servers,) = cluster.iter("remote_servers")
    hosts = [host.text for host in servers.iter("host")]
    assert hosts == [name for name in SERVICES if name.startswith("clickhouse")]
    for name in OURS:
        address = address_of(parsed([given(word) for word in SERVICES[name]["command"]]))
        assert address.cluster in {one.tag for one in servers}
        assert (address.database, address.user) == ("plant", "recorder")
        assert sorted(address.hosts) == sorted(f"http://{host}:8123" for host in hosts)


def test_secrets_volumes_and_files_are_all_declared() -> None:
    for name, service in SERVICES.items():
        for secret in service.get("secrets", []):
            assert secret in COMPOSE["secrets"], name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and source != "./plant.toml":
                assert (DEPLOY / source).is_file(), source
            assert source.startswith("./") or source in COMPOSE["volumes"], source
        for other in service.get("depends_on", []):
            assert other in SERVICES
    upstream = re.findall(r"server ([\w-]+):8123;", (DEPLOY / "nginx.conf").read_text())
    assert upstream == [name for name in SERVICES if name.startswith("web")]


def instructions(text: str) -> list[tuple[str, str]]:
    """Instruction and rest of every line of a Containerfile, lines that go on joined."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_copies_what_is_there_and_starts_what_is_installed() -> None:
    steps = instructions((DEPLOY / "Containerfile").read_text())
    assert {step for step, _ in steps} <= {
        "FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENV", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    for step, rest in steps:
        if step == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = next(rest for step, rest in steps if step == "FROM")
    assert tuple(map(int, re.findall(r"\d+", python)[:2])) >= (3, 11)
    (entry,) = (rest for step, rest in steps if step == "ENTRYPOINT")
    assert yaml.safe_load(entry)[0] in project["scripts"]
    extras = re.findall(r"\.whl\)\[([\w,]+)\]", (DEPLOY / "Containerfile").read_text())
    assert extras
    assert set(extras[0].split(",")) <= set(project["optional-dependencies"])
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().split()
    copied = {source for step, rest in steps if step == "COPY" for source in rest.split()[:-1]}
    assert not copied & set(ignored)


@pytest.mark.skipif(not os.environ.get("BESSINSIDE_FULL"), reason="builds page and wheel anew: set BESSINSIDE_FULL=1")
@pytest.mark.timeout(1800)
def test_the_steps_of_the_image_make_a_program_that_serves(tmp_path: Path) -> None:
    """Each step as it stands there, in a folder for each stage in place of `/`; needs the package index, no engine."""
    stages: dict[str, Path] = {}
    image, here, env, entry = tmp_path, tmp_path, dict(os.environ), [""]
    for step, rest in instructions((DEPLOY / "Containerfile").read_text()):
        words = rest.split()
        if step == "FROM":
            image = here = stages[words[-1]] = tmp_path / f"stage{len(stages)}"
            venv.create(image / "usr", with_pip=True)
            env = {**os.environ, "PATH": f"{image / 'usr/bin'}:{os.environ['PATH']}", "HOME": str(image)}
            env.pop("PYTHONPATH", None)
        elif step == "WORKDIR":
            here = image / rest.lstrip("/")
            here.mkdir(parents=True, exist_ok=True)
        elif step == "COPY":
            stage = next((stages[word.split("=")[1]] for word in words if word.startswith("--from=")), None)
            *sources, target = (word for word in words if not word.startswith("--"))
            folder = image / target.lstrip("/") if target.startswith("/") else here / target
            for source in sources:
                found = ROOT / source if stage is None else stage / source.lstrip("/")
                if found.is_dir():
                    shutil.copytree(found, folder, ignore=left_out, dirs_exist_ok=True)
                else:
                    folder.mkdir(parents=True, exist_ok=True)
                    shutil.copy(found, folder)
        elif step == "RUN":
            mine = " && ".join(part for part in rest.split(" && ") if not part.strip().startswith("useradd"))
            command = re.sub(r"(?<=[\s\"'(])/(?=(src|dist)\b)", f"{image}/", mine)
            done = subprocess.run(
                ["sh", "-ec", command], cwd=here, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        elif step == "ENV":
            env |= {name: f"{image}{path}" for name, path in (word.split("=") for word in words)}
        elif step == "ENTRYPOINT":
            entry = [str(image / "usr/bin" / yaml.safe_load(rest)[0])]
    port = free_port()
    told = subprocess.Popen([*entry, "demo", "--port", str(port)], cwd=here, env=env, stdout=subprocess.DEVNULL)
    try:
        page = served(f"http://127.0.0.1:{port}/")
        assert b"<script" in page, "the page is not in the wheel"
        assert json.loads(served(f"http://127.0.0.1:{port}/api/health"))["devices"]
    finally:
        told.terminate()
        told.wait(60)


def left_out(folder: str, names: list[str]) -> set[str]:
    """What Containerfile.dockerignore names."""
    return {name for name in names if name in ("node_modules", "__pycache__") or f"{folder}/{name}" == str(PAGE)}


def served(url: str) -> bytes:
    """What a server that is starting gives in the end."""
    until = time.monotonic() + 120.0
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("degraded", 1), ("starting", 1)])
def test_the_look_at_health_says_what_the_server_says(status: str, code: int, tmp_path: Path) -> None:
    (check,) = (rest for step, rest in instructions((DEPLOY / "Containerfile").read_text()) if step == "HEALTHCHECK")
    command = yaml.safe_load(check[check.index("[") :])
    (tmp_path / "health").write_text(f'{{"status": "{status}"}}')
    asked = "http://127.0.0.1:8123/api/health"
    assert asked in command[2]
    program = command[2].replace(asked, (tmp_path / "health").as_uri())
    found = subprocess.run([sys.executable, *command[1:-1], program], check=False, timeout=60)
    assert found.returncode == code


UNIT = (DEPLOY / "bessinside@.service").read_text()


def test_the_unit_starts_a_command_of_the_program() -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    program, *arguments = shlex.split(line.replace("%i", "plant"))
    assert Path(program).name == "bessinside"
    options = parsed(arguments)
    assert str(options["history"]).startswith("/var/lib/bessinside/")  # what StateDirectory makes
    assert "StateDirectory=bessinside/%i" in UNIT
    assert "KillSignal=SIGINT" in UNIT


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_takes_the_unit_and_finds_it_tight(tmp_path: Path) -> None:
    unit = tmp_path / "bessinside@x.service"
    program = Path(sys.executable)
    unit.write_text(UNIT.replace("/opt/bessinside/bin/bessinside", str(program)))
    found = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(unit)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout[-300:]
