"""A worker does one thing after another on its thread, and says what came of it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bessinside.runtime.simulation import SimLoop
from bessinside.runtime.worker import Worker


def test_work_is_done_in_order_on_one_thread_of_its_own() -> None:
    async def scenario() -> None:
        worker, threads, order = Worker("test"), set(), []

        def work(number: int) -> int:
            threads.add(threading.current_thread().name)
            order.append(number)
            return number * number

        tasks = [asyncio.create_task(worker.do(lambda n=n: work(n))) for n in range(20)]  # type: ignore[misc]
        assert await asyncio.gather(*tasks) == [n * n for n in range(20)]
        assert order == list(range(20))
        assert threads == {"test"}
        worker.close()
        assert "test" not in {thread.name for thread in threading.enumerate()}

    asyncio.run(scenario())


def test_what_the_work_raises_reaches_who_waits_and_the_next_is_done() -> None:
    async def scenario() -> None:
        worker = Worker("test")
        with pytest.raises(ZeroDivisionError):
            await worker.do(lambda: 1 // 0)
        assert await worker.do(lambda: 7) == 7
        worker.close()

    asyncio.run(scenario())


def test_work_that_nobody_waits_for_any_more_is_done_all_the_same() -> None:
    async def scenario() -> None:
        worker, begun, go, done = Worker("test"), threading.Event(), threading.Event(), []

        def work() -> None:
            begun.set()
            assert go.wait(60)
            done.append(True)

        task = asyncio.create_task(worker.do(work))
        await asyncio.sleep(0)  # it gives the work to the thread
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        go.set()
        assert await worker.do(lambda: list(done)) == [True]
        worker.close()

    asyncio.run(scenario())


def test_under_a_simulated_loop_there_is_no_thread() -> None:
    async def scenario() -> str:
        return await Worker("test").do(lambda: threading.current_thread().name)

    assert SimLoop().run(scenario()) == threading.current_thread().name


def test_a_worker_that_did_nothing_is_closed_too() -> None:
    Worker("test").close()
