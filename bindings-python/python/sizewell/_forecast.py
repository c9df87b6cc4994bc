"""Forecasts of series: values of any library in, a forecast that can be asked for more out."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from importlib import import_module
from math import isnan
from typing import Any

from . import models as m
from ._base import made
from ._estimates import _has_numpy, _is_missing, _library_of
from ._sizewell import FittedSeries


class Forecast:
    """What a model expects of the steps after a series, made by `forecast`.

    Numbers are NumPy arrays where there is NumPy, else lists.
    """

    def __init__(self, fitted: FittedSeries) -> None:
        """From the native half; see `forecast`."""
        self._fitted = fitted

    @property
    def mean(self) -> Any:
        """The expected value of each step."""
        return _numbers(self._fitted.mean())

    def lower(self, level: float) -> Any:
        """The lower ends of the intervals that hold a share `level` of outcomes, step by step."""
        return _numbers(self._fitted.lower(level))

    def upper(self, level: float) -> Any:
        """The upper ends of the intervals that hold a share `level` of outcomes, step by step."""
        return _numbers(self._fitted.upper(level))

    def paths(self, n: int, seed: int = 0) -> Any:
        """Joint samples of all steps, `n` rows; the same for the same seed."""
        numbers = _numbers(self._fitted.paths(n, seed))
        if not isinstance(numbers, list):
            return numbers.reshape(n, -1)
        steps = len(numbers) // n
        return [numbers[start : start + steps] for start in range(0, len(numbers), steps)]

    @property
    def model(self) -> str:
        """The model as it was fitted."""
        return self.report().forecast.model

    def explain(self) -> m.Explanation:
        """Why: seasons, scale, parameters, the models that it is made of, what was noticed."""
        return self.report().explanation

    def report(self) -> m.SeriesForecast:
        """Mean, intervals at the levels asked for, and the explanation, as a model."""
        return made(m.SeriesForecast, self._fitted.report())

    def update(self, values: Any) -> Forecast:
        """The forecast of as many steps after the values that follow the series, without fitting
        anew.
        """
        return Forecast(self._fitted.updated(packed(values)))

    def __repr__(self) -> str:
        return f"<Forecast: {len(self.mean)} steps by {self.model}>"


def forecast(
    values: Any,
    horizon: int,
    seasonal_periods: Sequence[int] | None = None,
    levels: Sequence[float] = (0.8, 0.95),
    model: m.ForecastModel = "auto",
    start: datetime | date | str | float | None = None,
    step: timedelta | float | None = None,
    *,
    times: Any = None,
    non_negative: bool | None = None,
) -> Forecast:
    """Forecasts a series.

    Args:
        values: oldest first; None, NaN and NA are missing. A list, a NumPy array, a polars or
            pandas Series; of the latter a DatetimeIndex or PeriodIndex is taken for `times`.
        horizon: steps to forecast.
        seasonal_periods: seasons in steps, the shortest first; `auto` looks for them unless given.
        levels: levels of the intervals of `report`.
        model: `auto` tries what suits the series, and combines what does well.
        start: time of the first value; with a `step`.
        step: time from one value to the next, as a timedelta or in seconds.
        times: time of each value, in place of `start` and `step`: datetimes of any library, or
            seconds since the Unix epoch. Times with a zone are instants, those without are UTC.
            Gaps within 12% of the median gap are regular, so that local days stay days where the
            clock changes; other times are resampled to the median gap by their mean.
        non_negative: whether the quantity can't be below zero; unless given, where no value is.

    Raises `SizewellError`: for a series that is empty, infinite or too short for the model, times
    that cannot be read, a horizon, level or season out of range, and a model that is not known.
    """
    if times is None and _library_of(values) == "pandas":
        index = values.index
        if type(index).__name__ in {"DatetimeIndex", "PeriodIndex"} and start is None is step:
            times = index
    options = {
        "horizon": horizon,
        "seasonal_periods": seasonal_periods,
        "levels": levels,
        "model": model,
        "start_seconds": None if start is None else _seconds(start),
        "step_seconds": step.total_seconds() if isinstance(step, timedelta) else step,
        "non_negative": non_negative,
    }
    return Forecast(FittedSeries.fit(packed(values), _packed_times(times), options))


def _numbers(data: bytes) -> Any:
    if _has_numpy():
        return import_module("numpy").frombuffer(data, dtype="float64")
    return array("d", data).tolist()


def plain_values(values: Any) -> list[float | None]:
    """Values with None for what is missing."""
    return [None if isnan(cell) else cell for cell in array("d", packed(values))]


def packed(values: Any) -> bytes:
    """Values as the bytes of floats, NaN where missing."""
    library = _library_of(values)
    if library == "pandas":
        values = values.to_numpy(dtype="float64", na_value=float("nan"))
    elif library == "polars":
        values = values.cast(import_module("polars").Float64).to_list()
    if _library_of(values) == "numpy" and values.ndim == 1 and values.dtype.kind in "fiu":
        data: bytes = values.astype("float64").tobytes()
        return data
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"`values` must be a series of numbers, not {type(values).__name__}")
    numbers = (float("nan") if _is_missing(cell) else cell for cell in values)
    return array("d", numbers).tobytes()


def _packed_times(times: Any) -> bytes:
    """Times as the bytes of seconds since the Unix epoch."""
    if times is None:
        return b""
    library = _library_of(times)
    if library == "pandas":
        if hasattr(times, "to_timestamp") and type(times).__name__ == "PeriodIndex":
            times = times.to_timestamp()
        if getattr(times.dtype, "kind", "") == "M":
            times = times.to_numpy(dtype="datetime64[ns]")
    elif library == "polars" and times.dtype.is_temporal():
        times = [micros / 1e6 for micros in times.dt.timestamp("us")]
    if getattr(getattr(times, "dtype", None), "kind", "") == "M":
        seconds = times.astype("datetime64[ns]").astype("int64") / 1e9
        return packed(seconds)
    if _library_of(times) in {"numpy", "pandas", "polars"}:
        return packed(times)
    return packed([_seconds(time) for time in times])


def _seconds(time: Any) -> float:
    """Seconds since the Unix epoch; what has no zone is UTC."""
    if isinstance(time, str):
        time = datetime.fromisoformat(time.replace("Z", "+00:00"))
    if isinstance(time, date) and not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)
    if not isinstance(time, datetime):
        return float(time)
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()
