"""Traces as columns of any library: the same answers as of lists, and arrays out."""

import json
import pickle
from array import array
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sizewell as sw

ROWS = 600
COLUMNS: dict[str, Any] = {
    "arrival_ms": [500.0 * row for row in range(ROWS)],
    "input_tokens": [100 + row % 50 for row in range(ROWS)],
    "output_tokens": [10 + row % 7 for row in range(ROWS)],
    "latency_ms": [900.0 + row for row in range(ROWS)],
    "cached_tokens": [row % 9 for row in range(ROWS)],
    "status": ["completed", "completed", "failed"] * (ROWS // 3),
    "session": [row % 40 for row in range(ROWS)],
}
ARE_COUNTS = ["input_tokens", "output_tokens", "cached_tokens", "session"]
NAMES = {"model": ["small", "large", "large"] * (ROWS // 3), "tenant": ["one", "two"] * (ROWS // 2)}
LABELS = {
    "model": {"names": ["small", "large"], "index": [0, 1, 1] * (ROWS // 3)},
    "tenant": {"names": ["one", "two"], "index": [0, 1] * (ROWS // 2)},
}
PREFIX = {"block_tokens": 16, "lengths": [2] * ROWS, "blocks": [1, 2, 1, 3] * (ROWS // 2)}
PLAIN = {**COLUMNS, **LABELS}


def arrays(kind: str) -> dict[str, Any]:
    numbers = {name: column for name, column in COLUMNS.items() if name != "status"}
    made = {name: np.array(column).astype(kind) for name, column in numbers.items()}
    return {**made, "status": np.array(COLUMNS["status"])}


@pytest.mark.parametrize(
    "trace",
    [
        {**arrays("int64"), **LABELS},
        {**arrays("uint32"), "model": np.array(NAMES["model"]), "tenant": NAMES["tenant"]},
        {**arrays("float64"), **{name: pd.Categorical(names) for name, names in NAMES.items()}},
        {**PLAIN, "input_tokens": array("I", COLUMNS["input_tokens"])},
        {**PLAIN, "arrival_ms": array("d", COLUMNS["arrival_ms"])},
        pd.DataFrame({**COLUMNS, **NAMES}),
        pd.DataFrame({**COLUMNS, **NAMES}).convert_dtypes(),
        *(
            {**PLAIN, **{name: pd.Series(COLUMNS[name], dtype=kind) for name in ARE_COUNTS}}
            for kind in ("uint8", "uint32", "int32", "Int64", "UInt32", "float32")
        ),
        pl.DataFrame({**COLUMNS, **NAMES}),
        pl.DataFrame({**COLUMNS, **NAMES}).to_dict(),
        sw.Trace(**arrays("int32"), model=sw.Labels(**LABELS["model"]), tenant=LABELS["tenant"]),
    ],
    ids=lambda trace: type(trace).__module__,
)
def test_columns_of_any_library(trace: Any) -> None:
    assert sw.summarize_trace(trace) == sw.summarize_trace(PLAIN)
    expected = sw.analyze_trace(trace=PLAIN, options={"max_classes": 2})
    assert sw.analyze_trace({"trace": trace, "options": {"max_classes": 2}}) == expected
    assert expected.models[0].name == "large" and expected.completed_fraction == 2 / 3
    assert sw.fit_traffic(trace=trace) == sw.fit_traffic(trace=PLAIN)
    analyzer = sw.TraceAnalyzer(max_classes=2)
    analyzer.add(trace)
    assert analyzer.requests == ROWS
    assert analyzer.analysis() == expected


def test_prefixes_cross() -> None:
    blocks = {name: np.array(given) for name, given in PREFIX.items() if name != "block_tokens"}
    trace = {**PLAIN, "prefix": {"block_tokens": 16, **blocks}}
    expected = sw.analyze_trace(trace={**PLAIN, "prefix": PREFIX})
    assert sw.analyze_trace(trace=trace) == expected
    assert expected.prefix is not None


def test_batches_are_the_whole() -> None:
    whole = sw.analyze_trace(trace=COLUMNS, options={"start_seconds": 1e9})
    analyzer = sw.TraceAnalyzer(sw.TraceOptions(start_seconds=1e9))
    for start in range(0, ROWS, 250):
        analyzer.add({name: column[start : start + 250] for name, column in COLUMNS.items()})
    assert analyzer.analysis() == whole
    with pytest.raises(sw.SizewellError) as caught:
        analyzer.add(arrival_ms=np.zeros(2), input_tokens=np.ones(2), output_tokens=np.ones(2))
    assert caught.value.path == "arrival_ms[0]"
    assert analyzer.requests == ROWS


def test_what_is_drawn_are_arrays() -> None:
    model = sw.fit_traffic(trace=PLAIN)
    trace = sw.generate_traffic(model=model, seed=1, duration_seconds=600)
    assert isinstance(trace.arrival_ms, np.ndarray) and trace.arrival_ms.dtype == np.float64
    assert trace.input_tokens.dtype == np.uint32
    assert len(trace) == len(trace.arrival_ms) > 1000
    assert trace == sw.generate_traffic(model=model, seed=1, duration_seconds=600)
    assert trace != sw.generate_traffic(model=model, seed=2, duration_seconds=600)
    assert sw.analyze_trace(trace=trace).requests == len(trace)
    assert sw.Trace.model_validate_json(trace.model_dump_json()) == trace
    assert pickle.loads(pickle.dumps(trace)) == trace
    assert {"arrival_ms", "input_tokens", "output_tokens", "model"} <= set(trace.to_pandas())
    analyzer = sw.TraceAnalyzer()
    for start in (1e9, 1e9 + 600):
        request = {"model": model, "seed": int(start), "duration_seconds": 600}
        analyzer.add(sw.generate_traffic(request, start_seconds=start))
    assert 1100 < analyzer.analysis().duration_seconds < 1200


def test_what_is_read_are_arrays() -> None:
    spans = [
        {"at": 0.5, "in": 7, "out": 8, "ms": 90, "who": "a", "how": "200"},
        {"at": 1.5, "in": 9, "out": 10, "ms": 95, "who": "b", "how": "500"},
    ]
    rows = "".join(",".join(map(str, span.values())) + "\n" for span in spans)
    columns = {
        "arrival": "at", "time": "seconds", "input_tokens": "in", "output_tokens": "out",
        "tenant": "who",
    }
    read = sw.read_trace(format="csv", text="at,in,out,ms,who,how\n" + rows, columns=columns)
    assert read.trace.arrival_ms.tolist() == [500, 1500]
    assert read.trace.tenant.names == ["a", "b"] and read.trace.tenant.index.tolist() == [0, 1]
    assert read.trace.to_polars()["tenant"].to_list() == ["a", "b"]
    assert json.loads(read.model_dump_json())["trace"]["output_tokens"] == [8, 10]
    assert sw.analyze_trace(trace=read.trace).tenants[0].requests == 1


@pytest.mark.parametrize(
    ("name", "column", "path"),
    [
        ("input_tokens", np.array([1, -2]), "input_tokens[1]"),
        ("input_tokens", np.array([1, 0.5]), "input_tokens[1]"),
        ("output_tokens", np.array([1, np.nan]), "output_tokens[1]"),
        ("output_tokens", pd.Series([1, None], dtype="Int64"), "output_tokens[1]"),
        ("output_tokens", np.array([1, 2**31]), "output_tokens[1]"),
        ("arrival_ms", np.array([0, np.inf]), "arrival_ms[1]"),
        ("arrival_ms", np.array([9.0, 1.0]), "arrival_ms[1]"),
        ("input_tokens", np.array(["1", "x"]), "input_tokens[0]"),
        ("input_tokens", np.ones((2, 2)), "input_tokens[0]"),
        ("input_tokens", np.ones(3), "input_tokens"),
        ("status", ["completed", "gone"], "status[1]"),
        ("status", [1, 2], "status[0]"),
        ("model", [1, 2], "model[0]"),
        ("model", {"names": ["a"], "index": np.array([0, 1])}, "model.index[1]"),
        ("tokens", np.ones(2), "tokens"),
        ("start_seconds", np.ones(2), "start_seconds"),
    ],
)
def test_refusals(name: str, column: Any, path: str) -> None:
    pair = {"arrival_ms": np.array([0.0, 5000.0]), "input_tokens": [1, 2], "output_tokens": [1, 2]}
    trace = {**pair, name: column}
    with pytest.raises(sw.SizewellError) as caught:
        sw.summarize_trace(trace)
    assert caught.value.path == path
    with pytest.raises(sw.SizewellError) as caught:
        sw.analyze_trace(trace=trace)
    assert caught.value.path == f"trace.{path}"


@pytest.mark.parametrize("trace", [None, 5, "text", [1, 2], np.ones(3)])
def test_what_is_no_trace(trace: Any) -> None:
    with pytest.raises(sw.SizewellError):
        sw.summarize_trace(trace)
    with pytest.raises(sw.SizewellError):
        sw.analyze_trace(trace=trace)
    with pytest.raises(sw.SizewellError):
        sw.TraceAnalyzer().add(trace)
