"""Series taken apart, anomalies, changepoints and trends: series of every library with their index."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sizewell as sw

START = datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp()
HOURS = [100.0 + 30 * (8 <= hour % 24 < 20) + (hour * 37 % 11) / 5 for hour in range(24 * 14)]
INDEX = pd.date_range("2026-03-01", periods=len(HOURS), freq="h")
FUNCTIONS: list[Callable[..., Any]] = [
    sw.decompose,
    sw.anomalies,
    sw.changepoints,
    sw.trend_direction,
]


def test_an_anomaly_is_found_with_its_time() -> None:
    values = pd.Series(HOURS, index=INDEX)
    values.iloc[100] = 400.0
    report = sw.anomalies(values, seasonal_periods=[24])
    assert [found.index for found in report.anomalies] == [100]
    found = report.anomalies[0]
    assert found.at_seconds == START + 100 * 3600
    assert found.score > 10 and found.upper < 150
    assert (len(report.expected), report.seasonal_periods) == (len(HOURS), [24])
    assert sw.anomalies(values, {"seasonal_periods": [24]}) == report
    options = sw.AnomalyOptions(seasonal_periods=[24])
    assert sw.anomalies(values.tolist(), options, times=INDEX) == report
    assert sw.anomalies(values.tolist(), options).anomalies[0].at_seconds is None


def test_parts_of_a_series_add_up() -> None:
    values = np.array(HOURS)
    values[7] = np.nan
    parts = sw.decompose(values, seasonal_periods=[24], multiplicative=False)
    assert parts.remainder[7] is None
    season = parts.seasonal[0]
    rest = np.array([np.nan if cell is None else cell for cell in parts.remainder])
    total = np.array(parts.trend) + np.array(season.values) + rest
    assert np.allclose(total[~np.isnan(values)], values[~np.isnan(values)])
    assert season.strength > 0.9


def test_a_shift_and_a_slope_are_told() -> None:
    noise = [(step * 37 % 11) / 5 for step in range(200)]
    shifted = [value + (10 if step >= 120 else 0) for step, value in enumerate(noise)]
    found = sw.changepoints(shifted, seasonal_periods=[])
    assert [one.index for one in found.changepoints] == [120]
    rising = sw.trend_direction([value + step for step, value in enumerate(noise)])
    assert rising.direction == "increasing"
    assert rising.slope_per_step == pytest.approx(1, abs=0.05)
    assert sw.trend_direction([1, 2, 3]).direction == "unknown"


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_series_of_every_library(function: Callable[..., Any]) -> None:
    expected = function(HOURS, times=INDEX)
    for values in (
        pd.Series(HOURS, index=INDEX),
        pd.Series(HOURS, index=INDEX.tz_localize("UTC").tz_convert("Asia/Tokyo")),
        pd.Series(HOURS, index=INDEX.to_period("h")),
    ):
        assert function(values) == expected
    for values in (np.array(HOURS), pl.Series(HOURS), tuple(HOURS)):
        assert function(values, times=INDEX.to_numpy()) == expected
        assert function(values, times=pl.Series(INDEX.to_numpy())) == expected
    assert function(HOURS, times=[START + 3600 * hour for hour in range(len(HOURS))]) == expected


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize(
    ("values", "options", "code", "path"),
    [
        ([], {}, "empty", "values"),
        ([None, None], {}, "empty", "values"),
        ([1.0, float("inf")], {}, "invalid_value", "values[1]"),
        ([1.0] * 30, {"seasonal_periods": [20]}, "invalid_value", "values"),
        ([1.0] * 30, {"seasonal_periods": [0]}, "invalid_value", "seasonal_periods[0]"),
        ([1.0] * 30, {"level_": 3}, "unknown_field", "level_"),
        ([1.0] * 30, {"times": [0.0]}, "contradiction", "times"),
        ([1.0, 2.0], {"times": [0.0, float("nan")]}, "invalid_value", "times[1]"),
        ([1.0, 2.0], {"times": [0.0, pd.NaT]}, "invalid_value", "times[1]"),
        ([1.0, 2.0], {"times": [0.0, 10**400]}, "invalid_value", "times[1]"),
        ([1.0, 2.0], {"times": np.array([0, "NaT"], "M8[s]")}, "invalid_value", "times[1]"),
        ([1.0, 2.0], {"times": pl.Series([datetime(2026, 1, 1), None])}, "invalid_value", "times[1]"),
        (np.array([1.0, 1j]), {}, "invalid_type", "values[0]"),
        (np.array([1.0, "x"], object), {}, "invalid_type", "values[1]"),
        (pd.Series([1.0, "x"]), {}, "invalid_type", "values[1]"),
        (pd.Series(["a", "b"], dtype="category"), {}, "invalid_type", "values[0]"),
        (pl.Series(["a"]), {}, "invalid_type", "values[0]"),
        (pl.Series([[1.0]]), {}, "invalid_type", "values[0]"),
    ],
)
def test_refusals(
    function: Callable[..., Any], values: Any, options: dict[str, Any], code: str, path: str
) -> None:
    with pytest.raises(sw.SizewellError) as caught:
        function(values, **options)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    "table",
    [np.zeros((2, 3)), np.array(1.0), pd.DataFrame({"a": [1.0]}), pl.DataFrame({"a": [1.0]}), 5, "12"],
)
def test_what_is_no_series_is_a_wrong_type(table: Any) -> None:
    with pytest.raises(TypeError, match="`values` must be a series of numbers"):
        sw.anomalies(table)
    with pytest.raises(TypeError, match="`times` must be a series of numbers"):
        sw.anomalies([1.0, 2.0], times=table)


def test_masked_values_are_missing() -> None:
    values = np.arange(30.0)
    masked = np.ma.masked_array(values, mask=values == 7)
    missing = np.where(values == 7, np.nan, values)
    assert sw.decompose(masked) == sw.decompose(missing)
    many = sw.forecast_many(np.ma.stack([masked, masked]), 2, model="drift")
    np.testing.assert_array_equal(many.mean[0], sw.forecast(missing, 2, model="drift").mean)


def test_times_beyond_nanoseconds_stay_as_they_are() -> None:
    times = np.datetime64("2500-01-01", "s") + np.arange(30) * np.timedelta64(1, "D")
    found = sw.anomalies([1.0] * 20 + [50.0] + [1.0] * 9, times=times).anomalies
    assert found[0].at_seconds == times[20].astype("int64")


def test_times_that_are_not_regular_are_resampled() -> None:
    minutes = [60.0 * minute for minute in range(100) if minute % 10 != 3]
    values = [5.0 + (minute % 7) for minute in range(len(minutes))]
    values[50] = 90.0
    found = sw.anomalies(values, times=minutes).anomalies
    assert [one.at_seconds for one in found] == [minutes[50]]


def test_backtests_know_their_index() -> None:
    days = pd.Series(
        [100.0 + day + 20 * (day % 7 < 5) for day in range(70)],
        index=pd.date_range("2026-01-05", periods=70, freq="D", tz="Europe/Berlin"),
    )
    options = {"horizon": 7, "model": "linear_weekday"}
    assert sw.backtest(days, options, 3).overall.mase is not None
    assert sw.backtest(days.tolist(), options, 3, times=days.index) == sw.backtest(days, options, 3)
    clock = {"start_seconds": START, "step_seconds": 86_400}
    assert sw.backtest(days, {**options, **clock}, 3).folds == 3
    assert sw.backtest(days.tolist(), options, 3) != sw.backtest(days, options, 3)
