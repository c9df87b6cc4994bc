"""Forecasts of many series from Python: tables and arrays in, arrays and frames out."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sizewell as sw

HOURS = np.array([10.0 + hour % 24 + (hour * 37 % 11) / 10 for hour in range(240)])
TABLE = np.array([HOURS, HOURS * 2, 50 - HOURS])
INDEX = pd.date_range("2026-03-01", periods=240, freq="h")
NAMES = ["a", "b", "c"]


def many(series: Any, **options: Any) -> sw.Forecasts:
    return sw.forecast_many(series, 6, model="drift", **options)


def test_each_row_is_as_alone() -> None:
    found = sw.forecast_many(TABLE, 24, seasonal_periods=[24], levels=[0.5, 0.9])
    assert found.mean.shape == (3, 24) and found.names == [0, 1, 2] and len(found) == 3
    for row, values in enumerate(TABLE):
        alone = sw.forecast(values, 24, seasonal_periods=[24])
        assert found.models[row] == alone.model
        assert np.array_equal(found.mean[row], alone.mean)
        assert np.array_equal(found.lower(0.9)[row], alone.lower(0.9))
        assert np.array_equal(found.upper(0.5)[row], alone.upper(0.5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: dict(zip(NAMES, TABLE, strict=True)),
        lambda: dict(zip(NAMES, TABLE.tolist(), strict=True)),
        lambda: pd.DataFrame(TABLE.T, columns=NAMES),
        lambda: pl.DataFrame(TABLE.T, schema=NAMES),
        lambda: pd.DataFrame(TABLE.T, columns=NAMES, index=INDEX),
    ],
    ids=["dict", "lists", "pandas", "polars", "indexed"],
)
def test_tables_of_every_kind(make: Callable[[], Any]) -> None:
    found = many(make())
    assert found.names == NAMES
    assert np.array_equal(found.mean, many(TABLE).mean)


def test_lists_of_series_and_values_with_offsets() -> None:
    expected = many(TABLE).mean
    for found in (
        many(list(TABLE)),
        many(TABLE.tolist()),
        many(TABLE.ravel(), offsets=[0, 240, 480, 720]),
        many(pl.Series(TABLE.ravel()), offsets=np.array([0, 240, 480, 720])),
        many(TABLE.astype(object)),
    ):
        assert np.array_equal(found.mean, expected)
    ragged = many([[1.0, 2.0, 3.0], [5.0, None, 7.0, 8.0]])
    assert ragged.mean[:, 0].tolist() == [4.0, 9.0]
    empty = many([])
    assert len(empty) == 0 and empty.errors == {}


def test_a_bad_series_has_its_error_and_the_others_are_answered() -> None:
    found = many({"good": HOURS, "missing": [None] * 5, "infinite": [1.0, np.inf]})
    assert found.models[1:] == [None, None]
    assert np.isnan(found.mean[1:]).all() and not np.isnan(found.mean[0]).any()
    errors = found.errors
    assert {name: (error.code, error.path) for name, error in errors.items()} == {
        "missing": ("empty", "values"),
        "infinite": ("invalid_value", "values[1]"),
    }
    with pytest.raises(sw.InvalidInputError, match="missing points"):
        raise errors["missing"]
    report = found.report()
    assert report.mean[6] is None and report.errors[1] is not None


def test_an_index_says_when() -> None:
    end = pd.Timestamp("2026-03-11", tz="UTC")
    for found in (
        many(pd.DataFrame(TABLE.T, columns=NAMES, index=INDEX)),
        many(pd.DataFrame(TABLE.T, columns=NAMES, index=INDEX.to_period("h"))),
        many(pl.DataFrame(TABLE.T, schema=NAMES).with_columns(at=pl.Series(INDEX.to_numpy()))),
        many(pd.DataFrame(TABLE.T, columns=NAMES).assign(at=INDEX)),
        many(pd.DataFrame(TABLE.T, columns=NAMES).assign(at=INDEX.tz_localize("UTC"))),
        many({"at": INDEX.to_numpy(), **dict(zip(NAMES, TABLE, strict=True))}),
        many({name: pd.Series(row, index=INDEX) for name, row in zip(NAMES, TABLE, strict=True)}),
        many(TABLE, times=INDEX),
        many(TABLE, start="2026-03-01", step=3600),
        many(TABLE.ravel(), offsets=[0, 240, 480, 720], times=np.tile(INDEX.to_numpy(), 3)),
    ):
        frame = found.to_pandas()
        assert frame.columns.tolist()[:4] == ["series", "step", "time", "mean"]
        assert frame["time"].iloc[6] == end and frame["time"].iloc[-1] == end + pd.Timedelta("5h")
        assert found.to_polars()["time"].to_list() == frame["time"].dt.to_pydatetime().tolist()


def test_frames_have_a_row_for_each_step() -> None:
    found = many({"good": HOURS, "bad": []}, levels=[0.8])
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["series", "step", "mean", "lower_0.8", "upper_0.8"]
    assert frame["series"].tolist() == ["good"] * 6 + ["bad"] * 6
    assert frame["step"].tolist() == [1, 2, 3, 4, 5, 6] * 2
    assert np.array_equal(frame["lower_0.8"][:6], found.lower(0.8)[0])
    assert found.to_polars()["mean"].null_count() == 6
    assert repr(found) == "<Forecasts: 6 steps of 2 series>"


@pytest.mark.parametrize(
    ("series", "options", "code", "path"),
    [
        (TABLE, {"levels": [1.5]}, "invalid_value", "levels[0]"),
        (TABLE, {"seasonal_periods": "x"}, "invalid_type", "seasonal_periods"),
        (TABLE, {"times": [1.0, 2.0]}, "contradiction", "times"),
        (TABLE, {"times": INDEX, "step": 5}, "contradiction", "times"),
        (TABLE, {"start": 0.0}, "contradiction", "start_seconds"),
        (TABLE, {"start": [0.0], "step": 1}, "contradiction", "start_seconds"),
        (HOURS, {"offsets": [0, 9]}, "invalid_value", "offsets[1]"),
        (HOURS, {"offsets": [1, 240]}, "invalid_value", "offsets[0]"),
        (pd.DataFrame({"a": HOURS, "b": INDEX, "c": INDEX}), {}, "invalid_type", "series.b"),
        (pd.DataFrame({"a": HOURS, "b": INDEX}, index=INDEX), {}, "invalid_type", "series.b"),
        (pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), {}, "invalid_type", "series.b[0]"),
        (pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), {}, "invalid_type", "series.b[0]"),
        ({"a": [1.0, "x"]}, {}, "invalid_type", "series.a[1]"),
        ([[1.0], [1.0, "x"]], {}, "invalid_type", "series[1][1]"),
    ],
)
def test_refusals(series: Any, options: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(sw.SizewellError) as caught:
        many(series, **options)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_what_was_not_asked_for_is_refused() -> None:
    for horizon in (0, 10_000_000):
        with pytest.raises(sw.SizewellError) as caught:
            sw.forecast_many(TABLE, horizon)
        assert caught.value.path == "horizon"
    with pytest.raises(sw.SizewellError) as caught:
        many(TABLE).lower(0.5)
    assert caught.value.path == "level"
    for wrong in ("text", 5, None):
        with pytest.raises(TypeError):
            many(wrong)


def test_threads_share_a_table() -> None:
    expected = many(TABLE).mean
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(many(TABLE).mean)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(np.array_equal(one, expected) for one in found)
