"""Series of any library, as they cross to Rust: their times, and what says when their values were."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from math import isnan
from typing import Any

from ._api import fields_of
from ._arrays import library_of, packed
from .errors import refusal


def rows_of(numbers: Any, rows: int) -> Any:
    """Numbers as a table of equal rows, which are one after the other."""
    if not isinstance(numbers, list):
        return numbers.reshape(rows, -1)
    width = len(numbers) // max(rows, 1)
    return [numbers[row * width : (row + 1) * width] for row in range(rows)]


def times_of(times: Any, values: Any) -> Any:
    """The times that are given, else those of the index of a pandas Series."""
    if times is None and library_of(values) == "pandas":
        index = values.index
        if type(index).__name__ in {"DatetimeIndex", "PeriodIndex"}:
            return index
    return times


def plain_times(times: Any, values: Any, options: Any) -> list[float]:
    """Times in seconds since the Unix epoch, those of an index unless the options have a clock."""
    given = fields_of(options)
    has_clock = isinstance(given, Mapping) and any(
        given.get(name) is not None for name in ("start_seconds", "step_seconds")
    )
    return array("d", packed_times(times if has_clock else times_of(times, values))).tolist()


def plain_values(values: Any) -> list[float | None]:
    """Values with None for what is missing."""
    return [None if isnan(cell) else cell for cell in array("d", packed(values))]


def packed_times(times: Any) -> bytes:
    """Times as the bytes of seconds since the Unix epoch."""
    if times is None:
        return b""
    library = library_of(times)
    if library == "pandas":
        if hasattr(times, "to_timestamp") and type(times).__name__ == "PeriodIndex":
            times = times.to_timestamp()
        if getattr(times.dtype, "kind", "") == "M":
            times = times.to_numpy(dtype="datetime64[ns]")
    elif library == "polars" and times.dtype.is_temporal():
        times = [micros / 1e6 for micros in times.dt.timestamp("us")]
    if getattr(getattr(times, "dtype", None), "kind", "") == "M":
        return packed(times.astype("datetime64[ns]").astype("int64") / 1e9, "times")
    if library_of(times) in {"numpy", "pandas", "polars"}:
        return packed(times, "times")
    return packed([seconds(time, f"times[{place}]") for place, time in enumerate(times)], "times")


def step_seconds(step: timedelta | float | None) -> float | None:
    """A step in seconds."""
    return step.total_seconds() if isinstance(step, timedelta) else step


def seconds(time: Any, path: str) -> float:
    """Seconds since the Unix epoch; what has no zone is UTC."""
    try:
        if isinstance(time, str):
            time = datetime.fromisoformat(time.replace("Z", "+00:00"))
        if isinstance(time, date) and not isinstance(time, datetime):
            time = datetime(time.year, time.month, time.day)
        if not isinstance(time, datetime):
            return float(time)
    except (TypeError, ValueError):
        allowed = "a date, a time as in ISO 8601, or seconds since 1970"
        raise refusal("invalid_value", path, "is no time", given=time, allowed=allowed) from None
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()
