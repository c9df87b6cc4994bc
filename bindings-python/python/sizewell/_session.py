"""What is kept and come back to, in Rust: the collector of a service's readings, and the analysis of
a trace that comes in batches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from . import models as m
from ._api import laid_over
from ._arrays import packed
from ._base import made
from ._columns import apart
from ._series import packed_times
from ._sizewell import Columns, Session

_Options: TypeAlias = "m.DashboardOptions | Mapping[str, Any] | None"


class Collector:
    """Readings of resources, their levels, trends, forecasts and reports.

    Times are seconds since the Unix epoch, and the present is always given. Threads may share one.
    Every method raises `SizewellError` for what it refuses.
    """

    def __init__(
        self, options: m.CollectorOptions | Mapping[str, Any] = {}, /, **fields: Any  # noqa: B006
    ) -> None:
        """A collector without readings; `fields` are those of `CollectorOptions`."""
        self._session = Session.of("Collector", laid_over(options, fields))

    @classmethod
    def load(cls, state: m.CollectorState | Mapping[str, Any]) -> Collector:
        """The collector that `save` gave the state of."""
        collector = cls()
        collector._session.call("load", state=state)
        return collector

    def save(self) -> m.CollectorState:
        """Everything that is known, to be kept and loaded."""
        return made(m.CollectorState, self._session.call("save"))

    def __reduce__(self) -> tuple[Callable[..., Collector], tuple[m.CollectorState]]:
        return Collector.load, (self.save(),)

    @property
    def services(self) -> list[str]:
        """Names of the services, in order."""
        return made(list[str], self._session.call("services"))

    @property
    def options(self) -> m.CollectorOptions:
        """How it works."""
        return made(m.CollectorOptions, self._session.call("options"))

    def record(
        self,
        now_seconds: float,
        reading: m.Reading | Mapping[str, Any] = {},  # noqa: B006
        /,
        **fields: Any,
    ) -> None:
        """Takes in a reading: `record(now, service="chat", metric="gpu", usage=13, capacity=16)`."""
        reading = laid_over(reading, fields)
        self._session.call("record", now_seconds=now_seconds, reading=reading)

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

        Times may be datetimes; those without a zone are UTC. `capacity` is one for all, one for
        each, or that of before.
        """
        columns = Columns()
        columns.put_floats("at_seconds", packed_times(at_seconds))
        columns.put_floats("usage", packed(usage, "usage"))
        if capacity is not None:
            each = [capacity] if isinstance(capacity, int | float) else capacity
            columns.put_floats("capacity", packed(each, "capacity"))
        place: dict[str, Any] = {"now_seconds": now_seconds, "service": service, "metric": metric}
        self._session.call("record_columns", columns, **place)

    def set_thresholds(self, rule: m.ThresholdRule | Mapping[str, Any]) -> None:
        """Sets thresholds of a metric, of all services or of one."""
        self._session.call("set_thresholds", rule=rule)

    def remove(self, service: str) -> bool:
        """Forgets a service; says whether it was known."""
        return made(bool, self._session.call("remove", service=service))

    def status(self, service: str, now_seconds: float) -> m.ServiceStatus:
        """How a service stands."""
        answer = self._session.call("status", service=service, now_seconds=now_seconds)
        return made(m.ServiceStatus, answer)

    def alerts(self, now_seconds: float) -> list[m.CapacityAlert]:
        """What is over a threshold for long enough, most severe first."""
        return made(list[m.CapacityAlert], self._session.call("alerts", now_seconds=now_seconds))

    def overview(self, now_seconds: float) -> m.Overview:
        """All services at a glance."""
        return made(m.Overview, self._session.call("overview", now_seconds=now_seconds))

    def trend(
        self,
        service: str,
        metric: m.Metric,
        now_seconds: float,
        window_seconds: float,
        options: m.TrendOptions | Mapping[str, Any] | None = None,
    ) -> m.Trend:
        """Where a metric has gone over the last `window_seconds`."""
        given: dict[str, Any] = {"service": service, "metric": metric, "now_seconds": now_seconds}
        given |= {"window_seconds": window_seconds, "options": options}
        return made(m.Trend, self._session.call("trend", **given))

    def details(
        self, service: str, metric: m.Metric, now_seconds: float, options: _Options = None
    ) -> m.ResourceDetails:
        """One resource: its status, chart, trend, forecast and advice."""
        given: dict[str, Any] = {"service": service, "metric": metric}
        given |= {"now_seconds": now_seconds, "options": options}
        return made(m.ResourceDetails, self._session.call("details", **given))

    def all_details(self, now_seconds: float, options: _Options = None) -> list[m.ResourceDetails]:
        """Every resource in detail, by service."""
        answer = self._session.call("all_details", now_seconds=now_seconds, options=options)
        return made(list[m.ResourceDetails], answer)

    def recommendations(
        self, now_seconds: float, options: _Options = None
    ) -> list[m.ServiceRecommendation]:
        """What should be done, most urgent first."""
        answer = self._session.call("recommendations", now_seconds=now_seconds, options=options)
        return made(list[m.ServiceRecommendation], answer)

    def forecast(self, service: str, metric: m.Metric, **query: Any) -> m.ResourceForecast:
        """The forecast of a resource, and when it crosses thresholds.

        `query` are the fields of `ForecastQuery`: `horizon_seconds`, `step_seconds`, `level`.
        """
        answer = self._session.call("forecast", service=service, metric=metric, query=query)
        return made(m.ResourceForecast, answer)

    def series(
        self, service: str, metric: m.Metric, step_seconds: float | None = None
    ) -> m.SeriesInput:
        """A metric's readings as a regular series of means: what thresholds are held against."""
        given: dict[str, Any] = {"service": service, "metric": metric}
        given["step_seconds"] = step_seconds
        return made(m.SeriesInput, self._session.call("series", **given))

    def report(self, now_seconds: float, options: _Options = None) -> m.CapacityReport:
        """The content of a report, for `render_report`."""
        answer = self._session.call("report", now_seconds=now_seconds, options=options)
        return made(m.CapacityReport, answer)


class TraceAnalyzer:
    """The character of traffic in one pass over batches, for more requests than fit into memory.

    Threads may share one. Every method raises `SizewellError` for what it refuses.
    """

    def __init__(
        self, options: m.TraceOptions | Mapping[str, Any] = {}, /, **fields: Any  # noqa: B006
    ) -> None:
        """An analysis that has seen nothing yet; `fields` are those of `TraceOptions`."""
        self._session = Session.of("TraceAnalyzer", laid_over(options, fields))

    def add(self, trace: Any = {}, /, **columns: Any) -> None:  # noqa: B006
        """Takes in a batch that comes after those before it: a trace, a dict of arrays, a DataFrame.

        Its times count from its own `start_seconds` where it has one, else from the start of the
        analysis.
        """
        apart_from_it = Columns()
        rest = apart(apart_from_it, laid_over(trace, columns))
        self._session.call("add", apart_from_it, trace=rest)

    @property
    def requests(self) -> int:
        """Requests taken in."""
        return made(int, self._session.call("requests"))

    def analysis(self) -> m.TraceAnalysis:
        """The character of what was taken in, as `analyze_trace` gives it; more may follow."""
        return made(m.TraceAnalysis, self._session.call("analysis"))
