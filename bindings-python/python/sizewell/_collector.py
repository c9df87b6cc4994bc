"""The collector of readings of a running service, kept in Rust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import models as m
from ._api import laid_over
from ._base import made
from ._series import packed
from ._sizewell import Readings


class Collector:
    """Readings of resources, their levels, trends, forecasts and reports.

    Times are seconds since the Unix epoch, and the present is always given. Threads may share one.
    Every method raises `SizewellError` for what it refuses.
    """

    def __init__(
        self, options: m.CollectorOptions | Mapping[str, Any] = {}, /, **fields: Any  # noqa: B006
    ) -> None:
        """A collector without readings; `fields` are those of `CollectorOptions`."""
        self._readings = Readings.with_options(laid_over(options, fields))

    @classmethod
    def load(cls, state: m.CollectorState | Mapping[str, Any]) -> Collector:
        """The collector that `save` gave the state of."""
        collector = cls.__new__(cls)
        collector._readings = Readings.load(state)
        return collector

    def save(self) -> m.CollectorState:
        """Everything that is known, to be kept and loaded."""
        return made(m.CollectorState, self._readings.ask("save", 0.0))

    def record(
        self,
        now_seconds: float,
        reading: m.Reading | Mapping[str, Any] = {},  # noqa: B006
        /,
        **fields: Any,
    ) -> None:
        """Takes in a reading: `record(now, service="chat", metric="gpu", usage=13, capacity=16)`."""
        self._readings.record(now_seconds, laid_over(reading, fields))

    def record_columns(
        self,
        now_seconds: float,
        service: str,
        metric: m.Metric,
        at_seconds: Any,
        usage: Any,
        capacity: Any = None,
    ) -> None:
        """Takes in readings of one metric, all of them or none: arrays or series of any library.

        `capacity` is one for all, one for each, or that of before.
        """
        each = [] if capacity is None else capacity
        each = [each] if isinstance(each, int | float) else each
        columns = (packed(at_seconds), packed(usage), packed(each))
        self._readings.record_columns(now_seconds, service, metric, *columns)

    def set_thresholds(self, rule: m.ThresholdRule | Mapping[str, Any]) -> None:
        """Sets thresholds of a metric, of all services or of one."""
        self._readings.set_thresholds(rule)

    def remove(self, service: str) -> bool:
        """Forgets a service; says whether it was known."""
        return self._readings.remove(service)

    def status(self, service: str, now_seconds: float) -> m.ServiceStatus:
        """How a service stands."""
        return made(m.ServiceStatus, self._readings.status(service, now_seconds))

    def alerts(self, now_seconds: float) -> list[m.CapacityAlert]:
        """What is over a threshold for long enough, most severe first."""
        return made(list[m.CapacityAlert], self._readings.ask("alerts", now_seconds))

    def overview(self, now_seconds: float) -> m.Overview:
        """All services at a glance."""
        return made(m.Overview, self._readings.ask("overview", now_seconds))

    def details(self, service: str, metric: m.Metric, now_seconds: float) -> m.ResourceDetails:
        """One resource: its status, chart, trend and advice."""
        return made(m.ResourceDetails, self._readings.details(service, metric, now_seconds))

    def recommendations(self, now_seconds: float) -> list[m.ServiceRecommendation]:
        """What should be done, most urgent first."""
        kind = list[m.ServiceRecommendation]
        return made(kind, self._readings.ask("recommendations", now_seconds))

    def forecast(self, service: str, metric: m.Metric, **query: Any) -> m.ResourceForecast:
        """The forecast of a resource, and when it crosses thresholds.

        `query` are the fields of `ForecastQuery`: `horizon_seconds`, `step_seconds`, `level`.
        """
        return made(m.ResourceForecast, self._readings.forecast(service, metric, query))

    def report(self, now_seconds: float) -> m.CapacityReport:
        """The content of a report, for `render_report`."""
        return made(m.CapacityReport, self._readings.ask("report", now_seconds))
