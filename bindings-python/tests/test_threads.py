"""Long calls release the interpreter: another thread runs while they work."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import sizewell as sw


@pytest.fixture
def no_forced_switches() -> Iterator[None]:
    """A thread then runs Python until it lets go of the interpreter, and no other before."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


def calls() -> dict[str, Callable[[], object]]:
    spec = sw.specify(use_case="chatbot_conversational", users=1000)
    scenarios = [{"name": str(number), "specification": spec} for number in range(20)]
    records = sw.catalog().benchmarks[:500]
    load = {"model": "Qwen3-32B", "gpu": "H200", "input_tokens": 1024, "output_tokens": 256}
    rates = [1 + row / 1000 for row in range(1000)]
    return {
        "compare": lambda: sw.compare(scenarios),
        "estimate_many": lambda: sw.estimate_many(load, qps=rates),
        "forecast_many": lambda: sw.forecast_many([rates] * 20, 12),
        "health": lambda: sw.catalog().health("2026-11-20"),
        "recommend": lambda: sw.recommend(spec),
        "with_benchmarks": lambda: sw.catalog().with_benchmarks(records),
    }


def busy() -> int:
    """As long as a call, and pure Python."""
    return sum(number * number for number in range(100_000))


def runs_beside_others(call: Callable[[], object]) -> bool:
    progress = 0
    done = False

    def count() -> None:
        nonlocal progress
        while not done:
            progress += 1
            # No wait: it lets go of the interpreter, for the call to come back.
            time.sleep(0)

    other = threading.Thread(target=count)
    other.start()
    try:
        before = progress
        for _ in range(50):
            call()
            if progress > before:
                return True
        return False
    finally:
        done = True
        other.join()


@pytest.mark.parametrize(
    "name",
    ["compare", "estimate_many", "forecast_many", "health", "recommend", "with_benchmarks"],
)
def test_other_threads_run_meanwhile(name: str, no_forced_switches: None) -> None:
    assert not runs_beside_others(busy)
    assert runs_beside_others(calls()[name])


def test_a_catalog_serves_many_threads(spec: sw.Specification, answer: sw.Recommendation) -> None:
    catalog = sw.Catalog.from_data(sw.catalog().to_data())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sw.recommend(spec, catalog), range(40)))
    assert all(one == answer for one in answers)
