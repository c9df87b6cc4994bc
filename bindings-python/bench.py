"""How long `recommend` takes through Python, in the median of many calls, for each use case,
`estimate_many` for a million rows, how many readings a second a collector takes, and how long ten
million requests take to be analysed.

From the call to an answer that is there in full; freeing it is not counted. Run it with a release
build installed, on a Unix machine that does nothing else, with NumPy; for DataFrames, as far as
their libraries are there.
"""

from __future__ import annotations

import random
import resource
import statistics
import time
from importlib import import_module
from typing import Any, get_args

import numpy

import sizewell as sw


def median_ms(specification: sw.Specification, calls: int = 500) -> float:
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        answer = sw.recommend(specification)
        times.append(time.perf_counter() - start)
        assert answer.specification == specification
        del answer
    return 1000 * statistics.median(times)


MODELS = [
    "Llama-3.1-8B-Instruct",
    "Llama-3.3-70B-Instruct",
    "Mixtral-8x7B-Instruct-v0.1",
    "DeepSeek-R1",
    "gemma-3-27b-it",
    "Qwen3-Next-80B-A3B-Instruct",
    "gpt-oss-120b",
    "Qwen3-32B",
]
GPUS = ["H100", "H200", "A100-80GB", "L40S"]


def rows(count: int) -> dict[str, list[Any]]:
    """Deployments and loads at random: lengths up to 4,000 and 1,000 tokens, up to 8 a second."""
    chance = random.Random(7)
    return {
        "model": chance.choices(MODELS, k=count),
        "gpu": chance.choices(GPUS, k=count),
        "input_tokens": [float(chance.randint(50, 4000)) for _ in range(count)],
        "output_tokens": [float(chance.randint(10, 1000)) for _ in range(count)],
        "qps": [chance.uniform(0.1, 8.0) for _ in range(count)],
    }


def tables(columns: dict[str, list[Any]]) -> dict[str, Any]:
    kinds = {
        "numpy": lambda numpy: {name: numpy.array(column) for name, column in columns.items()},
        "pandas": lambda pandas: pandas.DataFrame(columns),
        "polars": lambda polars: polars.DataFrame(columns),
        "pyarrow": lambda arrow: arrow.table(columns),
    }
    made: dict[str, Any] = {}
    for name, make in kinds.items():
        try:
            made[name] = make(import_module(name))
        except ImportError:
            print(f"{name} is not installed")
    return made | {"lists": columns}


def seconds(table: Any, count: int) -> float:
    start = time.perf_counter()
    answer = sw.estimate_many(table)
    taken = time.perf_counter() - start
    assert len(answer["ttft_p95_ms"]) == count
    return taken


def readings_per_second(count: int, by_columns: bool) -> float:
    noon = 1_763_640_000
    collector = sw.Collector()
    at = noon + numpy.arange(count, dtype="float64")
    start = time.perf_counter()
    if by_columns:
        collector.record_columns(noon + count, "chat", "gpu", at, at % 9, 16)
    else:
        for now in range(noon, noon + count):
            collector.record(now, service="chat", metric="gpu", usage=now % 9, capacity=16)
    return count / (time.perf_counter() - start)


def analysis_seconds(requests: int, kind: str) -> float:
    row = numpy.arange(requests)
    trace = {
        "arrival_ms": row * 60.0,
        "input_tokens": (100 + row * 7919 % 3000).astype(kind),
        "output_tokens": (10 + row * 7907 % 800).astype(kind),
    }
    del row
    start = time.perf_counter()
    assert sw.analyze_trace(trace=trace).requests == requests
    return time.perf_counter() - start


if __name__ == "__main__":
    for kind in ("uint32", "int64"):
        taken = analysis_seconds(10_000_000, kind)
        print(f"analyze_trace, ten million requests with tokens as {kind:6} {taken:5.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{peak:.2f} GB at most until here, the arrays themselves included")
    for use_case in get_args(sw.UseCase):
        spec = sw.specify(use_case=use_case, users=1000)
        options = len(sw.recommend(spec).options)
        print(f"{use_case:30} {median_ms(spec):6.3f} ms  {options:3} options")
    million = 1_000_000
    for kind, table in tables(rows(million)).items():
        fastest = min(seconds(table, million) for _ in range(3))
        print(f"estimate_many, a million rows as {kind:8} {fastest:5.2f} s")
    for by_columns, count in ((False, 300_000), (True, 3_000_000)):
        name = "record_columns" if by_columns else "record, one by one"
        print(f"{name:20} {readings_per_second(count, by_columns):12,.0f} readings a second")
