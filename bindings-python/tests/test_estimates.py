"""Estimates, one by one and by columns of every kind, and memory plans."""

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy
import pandas
import polars
import pytest

import sizewell as sw

QWEN = {"model": "Qwen3-32B", "gpu": "H200", "input_tokens": 1024, "output_tokens": 256}
COLUMNS: dict[str, list[Any]] = {
    "model": [
        "Qwen3-32B",
        "DeepSeek-R1",
        "gpt-oss-120b",
        "Qwen3-Next-80B-A3B-Instruct",
        "Qwen3-32B",
    ],
    "gpu": ["H200", "H200", "H100", "H100", "L4"],
    "input_tokens": [1024.0, 500.5, 64.0, 20_000.0, 100.0],
    "output_tokens": [256.0, 100.0, 32.0, 500.0, 10.0],
    "qps": [1.0, None, 500.0, 2.5, 1.0],
    "concurrency": [None, 16.0, None, None, None],
    "tensor_parallel": [None, 8.0, 2.0, 4.0, 1.0],
    "precision": ["fp8", None, None, None, None],
    "benchmark": [None, True, None, None, False],
}


def one_by_one() -> list[sw.Estimate]:
    names = list(COLUMNS)
    rows = zip(*COLUMNS.values(), strict=True)
    return [sw.estimate(dict(zip(names, row, strict=True))) for row in rows]


def arrays(kind: Callable[[list[Any]], Any]) -> dict[str, Any]:
    return {name: kind(column) for name, column in COLUMNS.items()}


def with_nan(column: list[Any]) -> list[Any]:
    numbers = {float, type(None)} >= {type(cell) for cell in column}
    return [math.nan if numbers and cell is None else cell for cell in column]


def lacks(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def test_an_estimate_takes_fields_mappings_and_models() -> None:
    found = sw.estimate(**QWEN, qps=4)
    assert found == sw.estimate(QWEN, qps=4) == sw.estimate({**QWEN, "qps": 4})
    request = sw.EstimateRequest(**QWEN, qps=1)
    assert found == sw.estimate(request, qps=4)
    assert found.reason is None and found.ttft_mean_ms and found.ttft_p95_ms
    assert found.ttft_mean_ms < found.ttft_p95_ms


@pytest.mark.parametrize(
    "table",
    [
        COLUMNS,
        arrays(with_nan),
        arrays(tuple),
        arrays(lambda column: numpy.array(with_nan(column))),
        arrays(lambda column: numpy.array(column, dtype=object)),
        arrays(pandas.Series),
        arrays(polars.Series),
        pandas.DataFrame(COLUMNS, index=list("abcde")),
        pandas.DataFrame(COLUMNS).convert_dtypes(),
        pandas.DataFrame(COLUMNS).astype({"model": "category"}),
        polars.DataFrame(COLUMNS),
        polars.DataFrame(COLUMNS).with_columns(polars.col("model").cast(polars.Categorical)),
        sw.EstimateColumns(**COLUMNS),
    ],
    ids=lambda table: type(table).__module__.partition(".")[0],
)
def test_tables_of_every_kind_are_what_their_rows_are(table: Any) -> None:
    found = sw.estimate_many(table)
    kind = dict if isinstance(table, dict | sw.EstimateColumns) else type(table)
    assert type(found) is kind
    if kind is pandas.DataFrame:
        assert list(found.index) == list(table.index)
    for name in sw.Estimate.model_fields:
        column = found[name]
        got = [None if lacks(cell) else cell for cell in list(column)]
        assert got == [getattr(one, name) for one in one_by_one()], name


def test_columns_are_of_the_kind_that_was_given() -> None:
    rates = [1.0, 2.0, 400.0]
    lists = sw.estimate_many(QWEN, qps=rates)
    assert {type(column) for column in lists.values()} == {list}
    assert lists["ttft_p95_ms"][2] is None and "sustained" in lists["reason"][2]
    found = sw.estimate_many(QWEN, qps=numpy.array(rates))
    assert {type(column) for column in found.values()} == {numpy.ndarray}
    assert found["ttft_p95_ms"].dtype == numpy.float64 and numpy.isnan(found["ttft_p95_ms"][2])
    found["ttft_p95_ms"][0] = 1.0
    frame = sw.estimate_many(polars.DataFrame({"qps": rates}), **QWEN)
    assert frame["ttft_p95_ms"].null_count() == 1 and frame["reason"].dtype == polars.String
    assert list(lists) == list(sw.EstimateTable.model_fields) == frame.columns


def test_arrow_tables() -> None:
    arrow = pytest.importorskip("pyarrow")
    found = sw.estimate_many(arrow.table(COLUMNS))
    assert isinstance(found, arrow.Table)
    assert found.to_pydict() == sw.estimate_many(COLUMNS)


def test_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sw.estimate_many(COLUMNS)
    frame = polars.DataFrame({name: COLUMNS[name] for name in ("model", "gpu")})
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert sw.estimate_many(COLUMNS) == expected
    assert sw.estimate_many(frame, input_tokens=9, output_tokens=9, qps=1).height == 5


def test_no_rows() -> None:
    for rates in ([], numpy.array([])):
        found = sw.estimate_many(QWEN, qps=rates)
        assert all(len(column) == 0 for column in found.values())
    assert sw.estimate_many(polars.DataFrame({"qps": []}), **QWEN).height == 0
    assert len(sw.estimate_many(pandas.DataFrame({"qps": []}), **QWEN)) == 0


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"qps": [1, math.nan]}, "missing_field", "qps[1]"),
        ({"qps": [1, -2]}, "invalid_value", "qps[1]"),
        ({"qps": [math.inf, 1]}, "invalid_value", "qps[0]"),
        ({"qps": [1, "x"]}, "invalid_type", "qps[1]"),
        ({"qps": [1, 10**400]}, "invalid_value", "qps[1]"),
        ({"qps": [1, True]}, "invalid_type", "qps[1]"),
        ({"qps": [1, object()]}, "invalid_type", "qps[1]"),
        ({"qps": [[1], [2]]}, "invalid_type", "qps[0]"),
        ({"qps": numpy.ones((2, 2))}, "invalid_type", "qps[0]"),
        ({"qps": math.nan}, "invalid_value", "qps"),
        ({"qps": [1, 2], "concurrency": [None, 2]}, "contradiction", "qps[1]"),
        ({"qps": [1, 2], "replicas": [1, 2, 3]}, "contradiction", "replicas"),
        ({"qps": [1, 2], "gpu": ["H200", "H2000"]}, "unknown_name", "gpu[1]"),
        ({"qps": [1, 2], "input_tokens": [math.nan, 1]}, "missing_field", "input_tokens[0]"),
        ({"qps": [1, 2], "speculation": [None, {"draft_tokens": 99}]}, "invalid_value",
         "speculation[1].draft_tokens"),
        ({"qps": 1, "mode": "x"}, "unknown_field", "mode"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_row(changes: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(sw.SizewellError) as caught:
        sw.estimate_many(QWEN, **changes)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_the_first_of_many_bad_rows_is_named_whatever_the_threads() -> None:
    rates = numpy.full(200_000, 1.0)
    rates[[17, 5000, 150_000]] = -1.0
    with pytest.raises(sw.SizewellError) as caught:
        sw.estimate_many(QWEN, qps=rates)
    assert caught.value.path == "qps[17]"
    rates[17] = rates[5000] = 1.0
    with pytest.raises(sw.SizewellError) as caught:
        sw.estimate_many(QWEN, qps=rates)
    assert caught.value.path == "qps[150000]"


def test_many_rows_are_in_their_order() -> None:
    rates = numpy.linspace(0.1, 3.0, 12_345)
    found = sw.estimate_many(QWEN, qps=rates)
    assert (numpy.diff(found["utilization"]) > 0).all()
    for row in (0, 999, 1000, 12_344):
        assert found["e2e_p99_ms"][row] == sw.estimate(QWEN, qps=rates[row]).e2e_p99_ms


def test_other_things_are_refused() -> None:
    with pytest.raises(TypeError, match="a dict of columns"):
        sw.estimate_many([QWEN])
    with pytest.raises(TypeError, match=r"sizewell\.Catalog"):
        sw.estimate_many(QWEN, catalog="mine", qps=1)  # type: ignore[arg-type]


def test_a_catalog_of_ones_own_is_looked_into() -> None:
    data = sw.catalog().to_data()
    own = data.models[0].model_copy(update={"id": "mine", "name": "Mine", "aliases": []})
    catalog = sw.Catalog.from_data(data.model_copy(update={"models": [*data.models, own]}))
    fields: dict[str, Any] = {**QWEN, "model": "mine", "qps": 1}
    with pytest.raises(sw.UnknownNameError):
        sw.estimate(fields)
    assert sw.estimate(fields, catalog).reason is None
    assert sw.estimate_many(fields, catalog)["reason"] == [None]
    assert sw.memory_plan("mine", "H200", catalog).fits


def test_memory_plans() -> None:
    plan = sw.memory_plan("Llama-3.3-70B-Instruct", "H100", request_tokens=8192)
    assert plan.fits and plan.parallelism.tensor_parallel == 2
    request = sw.MemoryRequest(model="Llama-3.3-70B-Instruct", gpu="H100", request_tokens=8192)
    assert plan == sw.memory_plan(request) == sw.memory_plan(request.model_dump())
    plan = sw.memory_plan(request, tensor_parallel=1)
    assert not plan.fits and plan.reason and "GiB of weights" in plan.reason
    for changes, path in (({"gpu": "H1000"}, "gpu"), ({"tensor_parallel": 3}, "tensor_parallel")):
        with pytest.raises(sw.SizewellError) as caught:
            sw.memory_plan(request, **changes)  # type: ignore[arg-type]
        assert caught.value.path == path
