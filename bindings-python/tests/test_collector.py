"""The collector of readings from Python."""

import json

import numpy as np
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
    report = collector.report(NOON)
    assert "chat" in sw.render_report(report, "html")
    assert json.loads(sw.render_report(report, "json"))["title"] == report.title


def test_what_is_saved_is_loaded() -> None:
    collector = sw.Collector()
    collector.record(NOON, {"service": "chat", "metric": "memory", "usage": 3, "capacity": 4})
    loaded = sw.Collector.load(collector.save())
    assert loaded.save() == collector.save()
    assert loaded.remove("chat") and not loaded.remove("chat")


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
