"""pymodbus and mbpoll as readers: words by (function code, address), whatever serves them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable

from pymodbus.client import AsyncModbusTcpClient

from tests.peers.decoder import Row

_MBPOLL_TABLES = {1: "0", 2: "1", 3: "4", 4: "3"}


def blocks(rows: Iterable[Row], most: int = 125) -> list[tuple[int, int, int]]:
    """(function code, address, count) that read all rows: neighbours together, no register between that none has."""
    wanted = sorted({(row.fc, row.address + k) for row in rows for k in range(row.words)})
    found: list[tuple[int, int, int]] = []
    for fc, address in wanted:
        if found and found[-1][0] == fc and sum(found[-1][1:]) == address and found[-1][2] < most:
            found[-1] = (fc, found[-1][1], found[-1][2] + 1)
        else:
            found.append((fc, address, 1))
    return found


async def read_with_pymodbus(
    port: int, unit: int, wanted: Iterable[tuple[int, int, int]]
) -> dict[tuple[int, int], int]:
    """The words of blocks; a block that is refused raises."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=10)
    assert await client.connect()
    words: dict[tuple[int, int], int] = {}
    ask = {
        1: client.read_coils,
        2: client.read_discrete_inputs,
        3: client.read_holding_registers,
        4: client.read_input_registers,
    }
    try:
        for fc, address, count in wanted:
            answer = await ask[fc](address, count=count, device_id=unit)
            assert not answer.isError(), f"unit {unit}, function code {fc}, {count} from {address}: {answer}"
            given = answer.registers if fc > 2 else [int(bit) for bit in answer.bits]
            words |= {(fc, address + k): int(word) for k, word in enumerate(given[:count])}
    finally:
        client.close()
    return words


def read_with_mbpoll(program: str, port: int, unit: int, block: tuple[int, int, int]) -> dict[tuple[int, int], int]:
    """The words of one block, as mbpoll prints them."""
    fc, address, count = block
    command = [program, "-m", "tcp", "-0", "-1", "-q", "-a", str(unit), "-t", _MBPOLL_TABLES[fc], "-r", str(address)]
    command += ["-c", str(count), "-p", str(port), "127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return {(fc, int(a)): int(v) & 0xFFFF for a, v in re.findall(r"\[(\d+)\]:\s+(-?\d+)", done.stdout)}
