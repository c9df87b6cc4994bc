"""Forecasts from Python: series of every library with their index, and what a forecast can be asked."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sizewell as sw

HOURLY = [10.0 + (hour % 24) + (hour * 37 % 11) / 10 for hour in range(24 * 10)]


def naive(values: object, **options: object) -> sw.Forecast:
    return sw.forecast(values, 3, model="naive", **options)  # type: ignore[arg-type]


def clock(forecast: sw.Forecast) -> tuple[float, float]:
    """When the forecast begins, and its step."""
    found = forecast.report().forecast.clock
    assert found is not None
    return found.start_seconds, found.step_seconds


def test_a_forecast_answers() -> None:
    forecast = sw.forecast(HOURLY, 48, seasonal_periods=[24])
    assert forecast.mean.shape == (48,)
    narrow, wide = (
        forecast.upper(0.5) - forecast.lower(0.5),
        forecast.upper(0.99) - forecast.lower(0.99),
    )
    assert (wide >= narrow).all() and (forecast.lower(0.99) >= 0).all()
    paths = forecast.paths(200, seed=7)
    assert paths.shape == (200, 48)
    assert (paths == forecast.paths(200, seed=7)).all() and (paths != forecast.paths(200, 8)).any()
    assert forecast.explain().seasonal_periods == [24]
    assert forecast.model in repr(forecast)
    assert [interval.level for interval in forecast.report().forecast.intervals] == [0.8, 0.95]


def test_new_points_move_a_forecast_on() -> None:
    first = naive(HOURLY)
    second = first.update([50.0, None, 60.0])
    assert second.mean.tolist() == [60.0] * 3
    assert first.mean.tolist() == [HOURLY[-1]] * 3


@pytest.mark.parametrize(
    "values",
    [
        np.array(HOURLY),
        np.array(HOURLY, dtype="float32").astype("float64"),
        pd.Series(HOURLY),
        pl.Series(HOURLY),
        tuple(HOURLY),
        [*HOURLY[:5], *HOURLY[5:]],
    ],
    ids=["numpy", "float32", "pandas", "polars", "tuple", "list"],
)
def test_series_of_every_library(values: object) -> None:
    assert np.allclose(naive(values).mean, naive(HOURLY).mean, rtol=1e-6)


def test_missing_points_of_every_library() -> None:
    for values in (
        [1.0, None, 3.0],
        np.array([1.0, np.nan, 3.0]),
        pd.Series([1, pd.NA, 3], dtype="Int64"),
        pl.Series([1, None, 3]),
    ):
        assert sw.forecast(values, 1, model="drift").mean.tolist() == [4.0]


def test_an_index_says_when() -> None:
    start = datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp()
    end = start + 240 * 3600
    index = pd.date_range("2026-03-01", periods=240, freq="h")
    assert clock(naive(pd.Series(HOURLY, index=index))) == (end, 3600.0)
    in_berlin = pd.Series(HOURLY, index=index.tz_localize("UTC").tz_convert("Europe/Berlin"))
    assert clock(naive(in_berlin)) == (end, 3600.0)
    assert clock(naive(HOURLY, start=date(2026, 3, 1), step=timedelta(hours=1))) == (end, 3600.0)
    assert clock(naive(HOURLY, start="2026-03-01T01:00+01:00", step=3600)) == (end, 3600.0)
    for times in (
        index.to_numpy(),
        pl.Series(index.to_numpy()),
        pl.Series(index.to_numpy()).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
        [moment.to_pydatetime() for moment in index],
        [start + 3600 * hour for hour in range(240)],
    ):
        assert clock(naive(HOURLY, times=times)) == (end, 3600.0)


def test_hours_and_days_where_the_clock_changes() -> None:
    hours = pd.date_range("2026-03-28", periods=72, freq="h", tz="Europe/Berlin")
    assert clock(naive(pd.Series(HOURLY[:72], index=hours)))[1] == 3600.0
    days = pd.date_range("2026-03-25", periods=10, freq="D", tz="Europe/Berlin")
    assert clock(naive(pd.Series(HOURLY[:10], index=days)))[1] == 86_400.0
    months = pd.period_range("2024-01", periods=30, freq="M")
    assert 30.0 < clock(naive(pd.Series(HOURLY[:30], index=months)))[1] / 86_400 < 31.0


def test_what_is_irregular_is_resampled() -> None:
    times = [0.0, 60.0, 120.0, 125.0, 300.0]
    report = naive([1.0, 2.0, 3.0, 5.0, 9.0], times=times).report()
    assert report.forecast.clock is not None and report.forecast.mean == [9.0] * 3


def test_backtests_take_series() -> None:
    options = {"horizon": 24, "model": "seasonal_naive", "seasonal_periods": [24]}
    values = np.array(HOURLY)
    values[3] = np.nan
    report = sw.backtest(values, options, 3)
    assert (report.folds, len(report.by_step)) == (3, 24)


@pytest.mark.parametrize(
    ("values", "options", "code", "path"),
    [
        ([], {}, "empty", "values"),
        ([None, None], {}, "empty", "values"),
        ([1.0, float("inf")], {}, "invalid_value", "values[1]"),
        ([1.0, 2.0], {"levels": [1.5]}, "invalid_value", "levels[0]"),
        ([1.0, 2.0], {"model": "magic"}, "unknown_name", "model"),
        ([1.0, 2.0], {"times": [0.0]}, "contradiction", "times"),
        ([1.0, 2.0], {"times": [0.0, 1.0], "step": 5}, "contradiction", "times"),
    ],
)
def test_refusals(values: object, options: dict[str, object], code: str, path: str) -> None:
    with pytest.raises(sw.SizewellError) as caught:
        sw.forecast(values, 2, **options)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.path) == (code, path)


def test_what_is_no_series_is_refused() -> None:
    for wrong in ("text", 5, None):
        with pytest.raises(TypeError):
            sw.forecast(wrong, 2)


def test_traffic_to_plan() -> None:
    text = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
        f"2026-03-01 00:{minute:02}:{second:02}.0000000,{100 + second},{10 + minute}\n"
        for minute in range(30)
        for second in range(0, 60, 5)
    )
    trace = sw.read_trace(format="azure_llm", text=text).trace
    analysis = sw.analyze_trace(trace=trace, options={"windows_seconds": [60]})
    plan = sw.plan_from_traffic(rates=analysis.windows[0], replica_qps=0.05)
    assert plan.capacity.replicas >= 4
    model = sw.fit_traffic(trace=trace)
    drawn = sw.generate_traffic(model=model, seed=1, duration_seconds=600, rate_factor=2)
    assert 100 < len(drawn.arrival_ms) < 500


def test_a_table_goes_on_where_the_index_ends() -> None:
    index = pd.date_range("2026-03-20", periods=9, freq="D", tz="Europe/Berlin")
    frame = naive(pd.Series([5.0] * 9, index=index)).to_pandas()
    # Local midnights, though the clock changes in between.
    ahead = pd.date_range("2026-03-29", periods=3, freq="D", tz="Europe/Berlin")
    assert frame.index.equals(ahead)
    assert list(frame) == ["mean", "lower_0.8", "upper_0.8", "lower_0.95", "upper_0.95"]
    moved = naive(pd.Series([5.0] * 9, index=index)).update([1.0, 2.0]).to_pandas()
    assert moved.index[0] == ahead[2] and moved["mean"].iloc[0] == 2.0
    months = pd.Series([1.0, 2.0, 3.0], index=pd.period_range("2026-01", periods=3, freq="M"))
    assert naive(months).to_pandas().index[0] == pd.Period("2026-04", "M")
    clocked = sw.forecast([1.0, 2.0, 3.0], 2, start="2026-01-01", step=60.0, model="naive")
    assert clocked.to_pandas().index[0] == pd.Timestamp("2026-01-01T00:03Z")
    assert clocked.to_polars()["time"][1] == datetime(2026, 1, 1, 0, 4, tzinfo=timezone.utc)
    assert naive([1.0, 2.0]).to_polars().columns[0] == "mean"
    assert list(naive([1.0, 2.0]).to_pandas().index) == [0, 1, 2]


@pytest.mark.parametrize("zone", ["Europe/Berlin", None])
def test_a_table_keeps_the_zone_of_an_index_with_a_gap(zone: str | None) -> None:
    hours = pd.date_range("2026-03-20", periods=48, freq="h", tz=zone).delete([20])
    frame = naive(pd.Series(range(47), index=hours)).to_pandas()
    assert pd.DatetimeIndex(frame.index).tz == hours.tz
    assert frame.index[0] == pd.Timestamp("2026-03-22", tz=zone)


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("values[2]", lambda: naive([1.0, None, "x"])),
        ("values[0]", lambda: naive([10**400, 2.0])),
        ("times[1]", lambda: naive([1.0, 2.0], times=["2026-01-01", "soon"])),
        ("start", lambda: naive([1.0, 2.0], start="soon", step=60)),
        ("zone", lambda: sw.utc_offsets("Europe/Nowhere", 0, 1)),
        ("end", lambda: sw.utc_offsets("Europe/Berlin", 5, 1)),
        ("start", lambda: sw.utc_offsets("Europe/Berlin", float("nan"), 1)),
    ],
)
def test_what_cannot_cross_is_refused_like_the_rest(path: str, call: Callable[[], object]) -> None:
    with pytest.raises(sw.InvalidInputError) as raised:
        call()
    assert raised.value.path == path and raised.value.allowed
