"""The collector of readings from Python."""

import json
import pickle
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sizewell as sw

NOON = 1_763_640_000.0


def test_a_day_of_readings() -> None:
    collector = sw.Collector()
    at = NOON - 86_400 + 60 * np.arange(1440.0)
    collector.record_columns(NOON, "chat", "gpu", at, np.linspace(6, 15.9, 1440), 16)
    collector.record(NOON, service="chat", metric="gpu", usage=15.9)
    assert collector.alerts(NOON)[0].level == "critical"
    assert collector.status("chat", NOON).level == "critical"
    assert collector.overview(NOON).services[0].service == "chat"
    assert collector.details("chat", "gpu", NOON).trend.direction == "increasing"
    assert collector.recommendations(NOON)
    assert collector.forecast("chat", "gpu", horizon_seconds=3600).forecast.mean
    options = {"forecast": None, "window_seconds": 7200}
    assert collector.details("chat", "gpu", NOON, options).forecast is None
    assert len(collector.all_details(NOON, sw.DashboardOptions(window_seconds=7200))) == 1
    assert collector.trend("chat", "gpu", NOON, 3600).points == 61
    assert collector.series("chat", "gpu", 3600).step_seconds == 3600
    report = collector.report(NOON)
    assert "chat" in sw.render_report(report, "html")
    assert json.loads(sw.render_report(report, "json"))["title"] == report.title


def test_what_is_saved_is_loaded() -> None:
    collector = sw.Collector()
    collector.record(NOON, {"service": "chat", "metric": "memory", "usage": 3, "capacity": 4})
    loaded = sw.Collector.load(collector.save())
    assert loaded.save() == collector.save() == pickle.loads(pickle.dumps(collector)).save()
    assert loaded.services == ["chat"] and loaded.options == sw.CollectorOptions()
    assert loaded.remove("chat") and not loaded.remove("chat")


def test_columns_of_any_library() -> None:
    times = [datetime.fromtimestamp(NOON - 60 + second, timezone.utc) for second in range(3)]
    zone = timezone(timedelta(hours=2))
    for at in (
        times,
        [time.astimezone(zone) for time in times],
        pd.Series(times),
        pd.DatetimeIndex(times).tz_convert("Europe/Berlin"),
        pl.Series(times),
        np.array([NOON - 60, NOON - 59, NOON - 58]),
    ):
        collector = sw.Collector()
        collector.record_columns(NOON, "chat", "gpu", at, pl.Series([1, 2, 3]), [4.0, 4.0, 5.0])
        recent = collector.save().channels[0].history.recent
        assert [reading.at_seconds - NOON for reading in recent] == [-60, -59, -58]
        assert recent[2].value == 60


def test_refusals() -> None:
    collector = sw.Collector()
    with pytest.raises(sw.UnknownNameError):
        collector.record(NOON, service="chat", metric="gpus", usage=1)
    with pytest.raises(sw.SizewellError) as caught:
        collector.record_columns(NOON, "chat", "gpu", [NOON, NOON - 9], [1, 2], 16)
    assert caught.value.path == "at_seconds[1]"
    with pytest.raises(sw.SizewellError) as caught:
        collector.record_columns(NOON, "chat", "gpu", [NOON], [float("nan")], 16)
    assert caught.value.path == "usage[0]"
    with pytest.raises(sw.SizewellError):
        sw.Collector(no_such_option=1)
