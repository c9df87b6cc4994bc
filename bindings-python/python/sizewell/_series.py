"""Series of any library, as they cross to Rust: their times, and what says when their values were."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from math import isnan
from typing import Any

from ._api import fields_of
from ._arrays import check_many, library_of, packed
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
        index = getattr(values, "index", None)
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
    if type(times).__name__ == "PeriodIndex":
        times = times.to_timestamp()
    kind = getattr(times, "dtype", None)
    if getattr(kind, "kind", "") == "M":
        return packed(_stamps(times), "times")
    if library_of(times) == "polars" and str(kind).partition("(")[0] in {"Date", "Datetime"}:
        micros = times.dt.timestamp("us")
        times = [None if micro is None else micro / 1e6 for micro in micros]
    if library_of(times) in {"numpy", "pandas", "polars"}:
        return packed(times, "times")
    check_many(times, "times")
    return packed([seconds(time, f"times[{place}]") for place, time in enumerate(times)], "times")


def _stamps(times: Any) -> Any:
    """Seconds of the times of NumPy or pandas, NaN for none."""
    kind = "datetime64[us]"
    micros = times.to_numpy(dtype=kind) if hasattr(times, "to_numpy") else times.astype(kind)
    found = micros.astype("int64") / 1e6
    found[micros != micros] = float("nan")
    return found


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
        return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError):
        allowed = "a date, a time as in ISO 8601, or seconds since 1970"
        raise refusal("invalid_value", path, "is no time", given=time, allowed=allowed) from None
