"""Forecasts of series: values of any library in, a forecast that can be asked for more out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from . import models as m
from ._arrays import numbers, packed
from ._base import made
from ._series import packed_times, rows_of, seconds, step_seconds, times_of
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
        return numbers(self._fitted.mean())

    def lower(self, level: float) -> Any:
        """The lower ends of the intervals that hold a share `level` of outcomes, step by step."""
        return numbers(self._fitted.lower(level))

    def upper(self, level: float) -> Any:
        """The upper ends of the intervals that hold a share `level` of outcomes, step by step."""
        return numbers(self._fitted.upper(level))

    def paths(self, n: int, seed: int = 0) -> Any:
        """Joint samples of all steps, `n` rows; the same for the same seed."""
        paths = numbers(self._fitted.paths(n, seed))
        return rows_of(paths, n)

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
    if start is None is step:
        times = times_of(times, values)
    options = {
        "horizon": horizon,
        "seasonal_periods": seasonal_periods,
        "levels": levels,
        "model": model,
        "start_seconds": None if start is None else seconds(start),
        "step_seconds": step_seconds(step),
        "non_negative": non_negative,
    }
    return Forecast(FittedSeries.fit(packed(values), packed_times(times), options))
