"""Zones by name, as the offsets that the core takes."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

import sizewell as sw

YEAR = (datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2027, 1, 1, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Berlin", [(1_774_746_000, 7200), (1_792_890_000, 3600)]),
        ("America/New_York", [(1_772_953_200, -14_400), (1_793_512_800, -18_000)]),
        ("Australia/Sydney", [(1_775_318_400, 36_000), (1_791_043_200, 39_600)]),
        ("Australia/Lord_Howe", [(1_775_314_800, 37_800), (1_791_041_400, 39_600)]),
        ("Asia/Kolkata", []),
        ("UTC", []),
    ],
)
def test_changes_of_a_year(zone: str, changes: list[tuple[int, int]]) -> None:
    found = sw.utc_offsets(zone, *YEAR)
    assert found[0].from_seconds == YEAR[0].timestamp()
    assert [(one.from_seconds, one.offset_seconds) for one in found[1:]] == changes
    same = sw.utc_offsets(ZoneInfo(zone), YEAR[0].timestamp(), YEAR[1].timestamp())
    assert same == found


def test_local_hours_through_the_change() -> None:
    """A request at every local noon, five days before to five days after the clock goes forward."""
    berlin = ZoneInfo("Europe/Berlin")
    noons = [datetime(2026, 3, 24, 12, 30, tzinfo=berlin) + timedelta(days=day) for day in range(11)]
    start = noons[0].timestamp()
    trace = {
        "arrival_ms": [1000 * (noon.timestamp() - start) for noon in noons],
        "input_tokens": [100] * 11,
        "output_tokens": [10] * 11,
        "start_seconds": start,
    }
    offsets = sw.utc_offsets("Europe/Berlin", noons[0], noons[-1])
    assert len(offsets) == 2
    calendar = sw.analyze_trace(trace=trace, options={"utc_offsets": offsets}).calendar
    assert calendar is not None
    assert [hour for hour, rate in enumerate(calendar.by_hour_qps) if rate] == [12]
    fixed = sw.analyze_trace(trace=trace, options={"utc_offset_minutes": 60}).calendar
    assert fixed is not None
    assert [hour for hour, rate in enumerate(fixed.by_hour_qps) if rate] == [11, 12]


def test_what_is_no_zone() -> None:
    with pytest.raises(sw.UnknownNameError, match="zone"):
        sw.utc_offsets("Europe/Nowhere", *YEAR)
    with pytest.raises(ValueError, match="time zone"):
        sw.utc_offsets("UTC", datetime(2026, 1, 1), YEAR[1])
    with pytest.raises(ValueError, match="after"):
        sw.utc_offsets("UTC", YEAR[1], YEAR[0])
