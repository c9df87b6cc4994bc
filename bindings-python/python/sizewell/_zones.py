"""Time zones by name: the core knows offsets and when they change, Python knows zones."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo
from math import isfinite
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import refusal
from .models import UtcOffset

__all__ = ["utc_offsets"]

# No zone changes its clock twice within so many seconds.
_STEP = 86_400
# The year 9000: datetimes end a thousand years later.
_MOST_SECONDS = 221_845_392_000


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

    Raises `UnknownNameError` for a name that the system does not know (on Windows, install
    `tzdata`), and `InvalidInputError` for times without a time zone, out of order or too far apart.
    """
    try:
        local = ZoneInfo(zone) if isinstance(zone, str) else zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        allowed = "a time zone of the tz database"
        raise refusal("unknown_name", "zone", "no such name", given=zone, allowed=allowed) from None
    first, last = _seconds(start, "start"), _seconds(end, "end")
    if not first <= last <= first + 200 * 366 * _STEP:
        allowed = "a time after `start`, by 200 years at most"
        raise refusal("invalid_value", "end", "is not an allowed value", given=end, allowed=allowed)
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
            allowed = "a datetime with a time zone"
            raise refusal("invalid_value", name, "has no time zone", given=time, allowed=allowed)
        time = time.timestamp()
    if not isfinite(time) or abs(time) > _MOST_SECONDS:
        allowed = "seconds since 1970, up to the year 9000"
        raise refusal("invalid_value", name, "is not an allowed value", given=time, allowed=allowed)
    return int(time // 1)


def _offset_at(zone: tzinfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, timezone.utc).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
