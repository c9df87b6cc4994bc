"""Forecasts of series: values of any library in, a forecast that can be asked for more out."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import models as m
from ._arrays import numbers, packed
from ._base import made
from ._series import packed_times, rows_of, seconds, step_seconds, times_of
from ._sizewell import FittedSeries
from ._tables import library

if TYPE_CHECKING:
    import pandas
    import polars


class Forecast:
    """What a model expects of the steps after a series, made by `forecast`.

    Numbers are NumPy arrays where there is NumPy, else lists.
    """

    def __init__(self, fitted: FittedSeries, index: Any = None, after: int = 0) -> None:
        """From the native half, the index of the values, and how many came since."""
        self._fitted = fitted
        self._index = index
        self._after = after

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
        new = packed(values)
        after = self._after + len(new) // array("d").itemsize
        return Forecast(self._fitted.updated(new), self._index, after)

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with a row for each step; needs `pip install 'sizewell[pandas]'`.

        Columns: `mean`, and for each level that was asked for `lower_0.8` and `upper_0.8`. A
        DatetimeIndex or PeriodIndex of the values goes on, with its zone; other times are in UTC.
        """
        found = library("pandas")
        index, steps = self._index, len(self.mean)
        zone = getattr(index, "tz", None) if index is not None else "UTC"
        frequency = None if index is None else _frequency(found, index)
        if frequency is not None:
            periods = found.period_range if hasattr(index, "to_timestamp") else found.date_range
            index = periods(index[-1], periods=self._after + steps + 1, freq=frequency)[-steps:]
        else:
            micros = [round(time * 1e6) for time in self._times()]
            index = found.to_datetime(micros, unit="us", utc=True).tz_convert(zone) if micros else None
        frame: pandas.DataFrame = found.DataFrame(self._columns(), index=index)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """As `to_pandas`, with a column `time` where there are times; needs
        `pip install 'sizewell[polars]'`.
        """
        found = library("polars")
        frame: polars.DataFrame = found.DataFrame(self._columns())
        if times := self._times():
            micros = found.Series("time", [round(time * 1e6) for time in times])
            frame.insert_column(0, micros.cast(found.Datetime("us", "UTC")))
        return frame

    def _columns(self) -> dict[str, Any]:
        report = self.report().forecast
        columns: dict[str, Any] = {"mean": report.mean}
        for interval in report.intervals:
            columns[f"lower_{interval.level:g}"] = interval.lower
            columns[f"upper_{interval.level:g}"] = interval.upper
        return columns

    def _times(self) -> list[float]:
        """Seconds since the Unix epoch of each step; none where there are no times."""
        report = self.report().forecast
        clock, steps = report.clock, range(len(report.mean))
        return [] if clock is None else [clock.start_seconds + clock.step_seconds * n for n in steps]

    def __repr__(self) -> str:
        return f"<Forecast: {len(self.mean)} steps by {self.model}>"


def _frequency(pandas: Any, index: Any) -> Any:
    """The frequency of an index; `None` where it has none."""
    if index.freq is not None:
        return index.freq
    return pandas.infer_freq(index) if len(index) >= 3 else None


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
    index = times_of(None, values) if times is None and start is None is step else None
    times = index if times is None else times
    options = {
        "horizon": horizon,
        "seasonal_periods": seasonal_periods,
        "levels": levels,
        "model": model,
        "start_seconds": None if start is None else seconds(start, "start"),
        "step_seconds": step_seconds(step),
        "non_negative": non_negative,
    }
    return Forecast(FittedSeries.fit(packed(values), packed_times(times), options), index)
