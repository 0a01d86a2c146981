"""What /metrics shows: counters and histograms of calls, and the Fabric's state. Never a prompt.

Every label comes from the catalog, from a fixed set, or from the first projects seen; what comes
later counts as "other", so that no client can make this grow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from clawdesk_fabric import ledger
from clawdesk_fabric.model import Phase
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.usage import Usage

PROJECTS_MAX = 20
OTHER = "other"
_LABELS = ("model", "class", "project")
_SECONDS = (0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800)
_TOKENS_PER_S = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_PREFIX = "clawdesk_fabric_"
_COUNTERS = {
    "prompt_tokens": "Tokens read, as models counted them.",
    "completion_tokens": "Tokens made, likewise.",
}
_HISTOGRAMS = {
    "wait_seconds": ("wait", "From arrival to a slot, or the end."),
    "first_byte_seconds": ("first", "From a slot to the first byte."),
    "duration_seconds": ("duration", "From a slot to the last byte."),
    "tokens_per_second": ("rate", "Of one call."),
}


class CallRecord(msgspec.Struct, frozen=True):
    """One call that is over.

    Args:
        number: of the call in this process, and `task` whose it is; for the log.
        outcome: "ok", "client_left", or the code of the error it ended with.
        used: None if no byte came from the model.
    """

    model: str
    call_class: str
    project: str
    outcome: str
    wait_ms: int
    used: Usage | None
    number: int = 0
    task: str = ""

    def fields(self) -> dict[str, Any]:
        """For the log; numbers and names only."""
        fields: dict[str, Any] = {
            "call": self.number,
            "task": self.task,
            "model": self.model,
            "class": self.call_class,
            "project": self.project,
            "outcome": self.outcome,
            "wait_ms": self.wait_ms,
        }
        used = self.used
        if used is not None:
            fields["prompt_tokens"] = used.prompt_tokens
            fields["completion_tokens"] = used.completion_tokens
            fields["first_byte_ms"] = used.first_byte_ms
            fields["duration_ms"] = used.duration_ms
        return fields


class _Histogram:
    """How many values were at most as large as each bound. Counting is an addition, no more."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # the last is what is larger than every bound
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus wants them: each holds those before it too."""
        names = [*(str(float(bound)) for bound in self.bounds), "+Inf"]
        return list(zip(names, accumulate(map(float, self.counts)), strict=True))


class _Series:
    """What is counted for one model, class and project."""

    __slots__ = ("completion", "duration", "ended", "first", "prompt", "rate", "wait")

    def __init__(self) -> None:
        self.ended: dict[str, int] = {}  # by outcome
        self.prompt = self.completion = 0
        self.wait = _Histogram(_SECONDS)
        self.first = _Histogram(_SECONDS)
        self.duration = _Histogram(_SECONDS)
        self.rate = _Histogram(_TOKENS_PER_S)


class Metrics(Collector):
    """The counters of one Fabric process."""

    def __init__(self, fabric: Fabric) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_State(fabric))
        self._registry.register(self)
        self._projects: set[str] = set()
        self._series: dict[tuple[str, str, str], _Series] = {}

    def ended(self, record: CallRecord) -> None:
        """Count one call."""
        labels = (record.model, record.call_class, self._project(record.project))
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = _Series()
        series.ended[record.outcome] = series.ended.get(record.outcome, 0) + 1
        series.wait.observe(record.wait_ms / 1000)
        used = record.used
        if used is None:
            return
        series.first.observe(used.first_byte_ms / 1000)
        series.duration.observe(used.duration_ms / 1000)
        series.prompt += used.prompt_tokens
        series.completion += used.completion_tokens
        if rate := used.tokens_per_s:
            series.rate.observe(rate)

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client asks for it, when somebody asks us."""
        found = list(self._series.items())
        ended = CounterMetricFamily(
            _PREFIX + "calls_ended", "Calls that are over.", labels=[*_LABELS, "outcome"]
        )
        for labels, series in found:
            for outcome, count in series.ended.items():
                ended.add_metric([*labels, outcome], count)
        yield ended
        for name, text in _COUNTERS.items():
            counter = CounterMetricFamily(_PREFIX + name, text, labels=_LABELS)
            for labels, series in found:
                counter.add_metric(labels, getattr(series, name.removesuffix("_tokens")))
            yield counter
        for name, (attribute, text) in _HISTOGRAMS.items():
            histogram = HistogramMetricFamily(_PREFIX + name, text, labels=_LABELS)
            for labels, series in found:
                values: _Histogram = getattr(series, attribute)
                histogram.add_metric(labels, values.buckets(), values.total)
            yield histogram

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def _project(self, name: str) -> str:
        if name in self._projects:
            return name
        if len(self._projects) >= PROJECTS_MAX or len(name) > 200:
            return OTHER
        self._projects.add(name)
        return name


class _State(Collector):
    """The Fabric's state as gauges, read when somebody asks."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric

    def collect(self) -> Iterator[Metric]:
        state = self._fabric.state
        for name, count in self._fabric.counts.items():
            yield CounterMetricFamily(_PREFIX + name, f"{name} since the start.", count)
        replicas = list(state.replicas.values())
        yield _by_model("in_flight", "Calls at a model.", replicas, lambda r: len(r.in_flight))
        yield _by_model("waiting", "Calls that wait.", replicas, lambda r: len(r.waiting))
        ready = _by_model(
            "ready", "Whether it answers.", replicas, lambda r: r.phase is Phase.READY
        )
        yield ready
        available = float(state.engine.available)
        text = "Whether containers can be started."
        yield GaugeMetricFamily(_PREFIX + "engine_available", text, available)
        used = GaugeMetricFamily(
            _PREFIX + "memory_used_mib", "Promised to models.", labels=["device"]
        )
        for device in state.devices:
            used.add_metric([device], float(ledger.used_mib(state, device)))
        yield used


def _by_model(name: str, text: str, replicas: list[Any], value: Any) -> Metric:
    family = GaugeMetricFamily(_PREFIX + name, text, labels=["model"])
    for replica in replicas:
        family.add_metric([replica.model], float(value(replica)))
    return family


METRICS = web.AppKey("metrics", Metrics)
