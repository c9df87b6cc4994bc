"""Time zones by name: the core knows offsets and when they change, Python knows zones."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

from .models import UtcOffset

__all__ = ["utc_offsets"]

# No zone changes its clock twice within so many seconds.
_STEP = 86_400


def utc_offsets(
    zone: str | tzinfo, start: float | datetime, end: float | datetime
) -> list[UtcOffset]:
    """The offsets of a time zone from `start` to `end`, for the options that take `utc_offsets`:
    hours of the day and days of the week then follow the clock on the wall, through daylight
    saving too.

        options = {"utc_offsets": sw.utc_offsets("Europe/Berlin", start, end)}
        sw.analyze_trace(trace=trace, options=options)

    Args:
        zone: its name in the tz database, or any `tzinfo`.
        start: the beginning of the traffic: seconds since the Unix epoch, or a datetime with a
            time zone.
        end: its end, likewise, at most 200 years later; for traffic that is to be generated or
            planned, the end of that.

    Raises `zoneinfo.ZoneInfoNotFoundError` for a name that the system does not know (on Windows,
    install `tzdata`), and `ValueError` for times without a time zone, out of order or too far
    apart.
    """
    local = ZoneInfo(zone) if isinstance(zone, str) else zone
    first, last = _seconds(start, "start"), _seconds(end, "end")
    if not first <= last <= first + 200 * 366 * _STEP:
        raise ValueError("`end` must be after `start`, by 200 years at most")
    offset = _offset_at(local, first)
    offsets = [UtcOffset(from_seconds=first, offset_seconds=offset)]
    for at in range(first, last, _STEP):
        low, high = at, min(at + _STEP, last)
        later = _offset_at(local, high)
        if later == offset:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset_at(local, middle) == offset else (low, middle)
        offsets.append(UtcOffset(from_seconds=high, offset_seconds=later))
        offset = later
    return offsets


def _seconds(time: float | datetime, name: str) -> int:
    if isinstance(time, datetime):
        if time.utcoffset() is None:
            raise ValueError(f"`{name}` must have a time zone")
        time = time.timestamp()
    return int(time // 1)


def _offset_at(zone: tzinfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, timezone.utc).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
