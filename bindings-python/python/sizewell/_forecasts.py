"""Forecasts of many series: tables and arrays in, columns out."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from . import models as m
from ._arrays import by_name, floats, library_of, numbers, packed, plain
from ._base import made
from ._series import packed_times, rows_of, seconds, step_seconds, times_of
from ._sizewell import ForecastTable
from ._tables import library
from .errors import SizewellError, refusal

if TYPE_CHECKING:
    import pandas
    import polars


class Forecasts:
    """What a model expects of the steps after each of many series, made by `forecast_many`.

    Numbers are NumPy arrays of a row for each series where there is NumPy, else lists; those of a
    series that can't be forecast are NaN.
    """

    def __init__(self, table: ForecastTable, names: list[Any]) -> None:
        """From the native half; see `forecast_many`."""
        self._table = table
        self.names = names
        """The series: names where they had any, else places from 0."""

    @property
    def mean(self) -> Any:
        """The expected value of each step, a row for each series."""
        return self._rows(self._table.mean())

    def lower(self, level: float) -> Any:
        """The lower ends of the intervals at one of the levels that were asked for."""
        return self._rows(self._table.lower(level))

    def upper(self, level: float) -> Any:
        """The upper ends of the intervals at one of the levels that were asked for."""
        return self._rows(self._table.upper(level))

    @property
    def models(self) -> list[str | None]:
        """The model of each series as it was fitted; `None` for one that can't be forecast."""
        return self._table.models

    @property
    def errors(self) -> dict[Any, SizewellError]:
        """Why, of each series that can't be forecast, by its name."""
        return {self.names[row]: error for row, error in self._table.errors}

    def report(self) -> m.ForecastTable:
        """All of it, as a model."""
        return made(m.ForecastTable, self._table.report())

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with a row for each step of each series; needs `pip install 'sizewell[pandas]'`.

        Columns: `series`, `step` from 1, `time` in UTC where there are times, `mean`, and for each
        level `lower_0.8`, `upper_0.8`.
        """
        found = library("pandas")
        frame: pandas.DataFrame = found.DataFrame(self._columns())
        if (micros := self._micros()) is not None:
            times = found.to_datetime(found.Series(micros, dtype="Int64"), unit="us", utc=True)
            frame.insert(2, "time", times)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """As `to_pandas`; needs `pip install 'sizewell[polars]'`."""
        found = library("polars")
        frame: polars.DataFrame = found.DataFrame(self._columns())
        if (micros := self._micros()) is not None:
            times = found.Series("time", micros, dtype=found.Int64)
            frame.insert_column(2, times.cast(found.Datetime("us", "UTC")))
        return frame.with_columns(found.col(found.Float64).fill_nan(None))

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<Forecasts: {self._table.horizon} steps of {len(self)} series>"

    def _rows(self, data: bytes) -> Any:
        return rows_of(numbers(data), len(self))

    def _columns(self) -> dict[str, Any]:
        table = self._table
        columns = {
            "series": [name for name in self.names for _ in range(table.horizon)],
            "step": [*range(1, table.horizon + 1)] * len(self),
            "mean": numbers(table.mean()),
        }
        for level in table.levels:
            columns[f"lower_{level:g}"] = numbers(table.lower(level))
            columns[f"upper_{level:g}"] = numbers(table.upper(level))
        return columns

    def _micros(self) -> list[int | None] | None:
        """When each step is, in microseconds since the Unix epoch, where any series has times."""
        clocks, steps = self._table.clocks, range(self._table.horizon)
        if not any(clocks):
            return None
        return [
            None if clock is None else round((clock[0] + clock[1] * step) * 1e6)
            for clock in clocks
            for step in steps
        ]


def forecast_many(
    series: Any,
    horizon: int,
    seasonal_periods: Sequence[int] | None = None,
    levels: Sequence[float] = (0.8, 0.95),
    model: m.ForecastModel = "auto",
    start: datetime | date | str | float | Sequence[Any] | None = None,
    step: timedelta | float | None = None,
    *,
    offsets: Any = None,
    times: Any = None,
    non_negative: bool | None = None,
) -> Forecasts:
    """Forecasts many series at once, on all processors.

    A series that can't be forecast is no error: see `Forecasts.errors`.

    Args:
        series: a dict of series by name, each as `forecast` takes it; a pandas or polars DataFrame
            or an Arrow table with a column for each series; a NumPy array with a row for each; a
            list of series; or, with `offsets`, the values of all, one series after the other. A
            DatetimeIndex or PeriodIndex, or else the one column of times of a table, says when the
            values were.
        horizon: steps to forecast.
        seasonal_periods: seasons in steps, the shortest first; `auto` looks for them unless given.
        levels: levels of the intervals.
        model: `auto` tries what suits each series, and combines what does well.
        start: time of the first value of all, or a list of those of each; with a `step`.
        step: time from one value to the next, as a timedelta or in seconds.
        offsets: where each series begins in its values, and where the last ends.
        times: time of each value of every series, as `forecast` takes them; with `offsets`, of all
            values.
        non_negative: whether the quantities can't be below zero; unless given, of each series where
            no value is.

    Raises `SizewellError`: for a horizon, level, model or season out of range, offsets that are not
    in order, and columns of different lengths.
    """
    names, values, ends, clock = _columns_of(series, offsets, times, start is None is step)
    starts = start if isinstance(start, list | tuple) else [start] * len(names)
    options = {
        "values": [],
        "offsets": [],
        "horizon": horizon,
        "seasonal_periods": seasonal_periods,
        "levels": levels,
        "model": model,
        "start_seconds": None if start is None else [seconds(time, "start") for time in starts],
        "step_seconds": step_seconds(step),
        "non_negative": non_negative,
    }
    return Forecasts(ForecastTable.of(values, ends, clock, options), names)


def _columns_of(
    series: Any, offsets: Any, times: Any, is_indexed: bool
) -> tuple[list[Any], bytes, list[int], bytes]:
    """Names, values, offsets and times; an index says when where nothing else does."""
    if offsets is not None:
        ends = [int(offset) for offset in offsets]
        names = list(range(len(ends) - 1))
        return names, packed(series), ends, packed_times(times_of(times, series))
    if library_of(series) == "numpy" and series.ndim == 2 and series.dtype.kind in "fiu":
        rows, width = series.shape
        values = floats(series)
        ends = [row * width for row in range(rows + 1)]
        return list(range(rows)), values, ends, packed_times(times) * rows
    if isinstance(series, Mapping) or library_of(series) in {"pandas", "polars", "pyarrow"}:
        columns: dict[Any, Any] = dict(by_name(series, "series"))
        paths = {name: f"series.{name}" for name in columns}
    elif isinstance(series, Iterable) and not isinstance(series, str | bytes):
        columns = dict(enumerate(series))
        paths = {place: f"series[{place}]" for place in columns}
    else:
        raise TypeError(f"`series` must be many series, not {type(series).__name__}")
    clocks = [name for name, column in columns.items() if _are_times(column)]
    if len(clocks) == 1 and times is None and times_of(None, series) is None:
        column = columns.pop(clocks.pop())
        times = plain(column) if library_of(column) == "pyarrow" else column
    if clocks:
        detail = {"given": "times", "allowed": "numbers, and one column of times for all"}
        raise refusal("invalid_type", paths[clocks[0]], "has the wrong type", **detail)
    parts = [packed(column, paths[name]) for name, column in columns.items()]
    size = array("d").itemsize
    ends = [0, *accumulate(len(part) // size for part in parts)]
    if times is not None:
        clock = packed_times(times) * len(parts)
    elif is_indexed:
        clock = b"".join(packed_times(times_of(None, column)) for column in columns.values())
    else:
        clock = b""
    return list(columns), b"".join(parts), ends, clock


def _are_times(column: Any) -> bool:
    """Whether a column of NumPy, pandas, polars or Arrow says when."""
    kind = getattr(column, "dtype", getattr(column, "type", None))
    is_known = str(kind).partition("(")[0].partition("[")[0] in {"Date", "Datetime", "timestamp"}
    return is_known or getattr(kind, "kind", "") == "M"
