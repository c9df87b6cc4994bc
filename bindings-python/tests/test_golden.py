"""Replays the golden cases that all languages replay: equal in every field, numbers to 1e-12."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

import sizewell as sw

FOLDER = Path(__file__).parents[2] / "core" / "tests" / "golden"
CASES = sorted(FOLDER.glob("*.json"))

# Input types, to replay with models what is replayed with dicts.
MODELS = {
    "specify": sw.Intent,
    "recommend": sw.Specification,
    "render_manifests": sw.DeploymentOption,
    "summarize_trace": sw.Trace,
    "estimate": sw.EstimateRequest,
    "estimate_many": sw.EstimateColumns,
    "memory_plan": sw.MemoryRequest,
    "sensitivity": sw.Specification,
    "predict": sw.PredictRequest,
    "max_rate": sw.PredictRequest,
    "replicas_for": sw.PredictRequest,
    "trend": sw.TrendRequest,
    "plan_from_traffic": sw.TrafficPlanRequest,
    "grown_capacity": sw.GrowthRequest,
    "generate_traffic": sw.GenerateTrafficRequest,
    "fit_traffic": sw.FitTrafficRequest,
    "error_budget": sw.ErrorBudgetRequest,
    "capacity_runway": sw.RunwayRequest,
    "analyze_trace": sw.AnalyzeTraceRequest,
}

# Functions with settings of their own, or without a catalog, that take no rows as last argument.
WITHOUT_ROWS = {
    "render_manifests",
    "calibrate",
    "queue",
    "model_from_huggingface_config",
    "backtest",
    "decompose",
    "anomalies",
    "changepoints",
    "trend_direction",
    "render_report",
}


def call(function: str, first: Any, *rest: Any) -> Any:
    if function.startswith("catalog_"):
        return getattr(sw.catalog(), function.removeprefix("catalog_"))(first)
    if function == "forecast":
        options = {name.removesuffix("_seconds"): value for name, value in rest[0].items()}
        return sw.forecast(first, times=rest[1] if len(rest) > 1 else None, **options).report()
    if function == "forecast_many":
        options = {name.removesuffix("_seconds"): value for name, value in first.items()}
        return sw.forecast_many(options.pop("values"), **options).report()
    if function not in WITHOUT_ROWS and rest and rest[0] is not None:
        rows, catalog = rest[0], sw.catalog()
        layered = catalog.with_rows if isinstance(rows, dict) else catalog.with_benchmarks
        return getattr(sw, function)(first, catalog=layered(rows))
    return getattr(sw, function)(first, *rest)


def plain(result: Any) -> Any:
    if isinstance(result, dict | str | int | float | None):
        return result
    if isinstance(result, list):
        return [plain(item) for item in result]
    assert isinstance(result, BaseModel)
    return result.model_dump(mode="json")


def differences(path: str, expected: Any, got: Any) -> list[str]:
    if isinstance(expected, dict) and isinstance(got, dict):
        if expected.keys() != got.keys():
            return [f"{path}: other fields {sorted(expected.keys() ^ got.keys())}"]
        return [
            d for key in expected for d in differences(f"{path}.{key}", expected[key], got[key])
        ]
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return [f"{path}: {len(expected)} items and {len(got)}"]
        pairs = enumerate(zip(expected, got, strict=True))
        return [d for i, (one, other) in pairs for d in differences(f"{path}[{i}]", one, other)]
    if type(expected) in (int, float) and type(got) in (int, float):
        same = math.isclose(expected, got, rel_tol=1e-12)
    else:
        same = type(expected) is type(got) and expected == got
    return [] if same else [f"{path}: {expected!r} and {got!r}"]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    function, arguments = case["function"], case["arguments"]
    if "error" in case:
        with pytest.raises(sw.SizewellError) as caught:
            call(function, *arguments)
        report = {name: getattr(caught.value, name) for name in case["error"]}
        assert differences("error", case["error"], report) == []
        return
    result = call(function, *arguments)
    assert differences("result", case["result"], plain(result)) == []
    if function in MODELS:
        first = MODELS[function].model_validate(arguments[0])
        assert call(function, first, *arguments[1:]) == result


def with_arrays(given: Any, name: str = "") -> Any:
    """The same with NumPy arrays in place of lists of numbers."""
    if isinstance(given, list) and all(type(cell) in (int, float) for cell in given):
        return np.array(given)
    if not isinstance(given, dict) or name == "options":
        return given
    return {field: with_arrays(part, field) for field, part in given.items()}


def told(session: Any, method: str, arguments: list[Any]) -> Any:
    if method == "forecast":
        return session.forecast(*arguments[:2], **arguments[2])
    asked = getattr(session, method)
    return asked(*arguments) if callable(asked) else asked


@pytest.mark.parametrize("prepared", [lambda given: given, with_arrays], ids=["lists", "arrays"])
@pytest.mark.parametrize(
    "path", sorted((FOLDER / "sessions").glob("*.json")), ids=lambda path: path.stem
)
def test_session(path: Path, prepared: Any) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    session = getattr(sw, case["class"])(case["options"])
    for place, step in enumerate(case["steps"]):
        at, arguments = f"{place} {step['method']}", list(map(prepared, step["arguments"]))
        if "error" not in step:
            result = plain(told(session, step["method"], arguments))
            assert differences(at, step["result"], result) == []
            continue
        with pytest.raises(sw.SizewellError) as caught:
            told(session, step["method"], arguments)
        # A list and an array are refused alike, in other words.
        said = step["error"] if prepared is not with_arrays else {"code": 0, "path": 0}
        report = {name: getattr(caught.value, name) for name in said}
        assert differences(at, {name: step["error"][name] for name in said}, report) == []
