"""What /metrics shows: counters and histograms of calls, and the Fabric's state. Never a prompt.

Every label comes from the catalog, from a fixed set, or from the first projects seen; what comes
later counts as "other", so that no client can make this grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
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
_LABELS_KEPT = 1024
_PREFIX = "clawdesk_fabric_"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that is over.

    Args:
        outcome: "ok", "client_left", or the code of the error it ended with.
        used: None if no byte came from the model.
    """

    model: str
    call_class: str
    project: str
    outcome: str
    wait_ms: int
    used: Usage | None

    def fields(self) -> dict[str, Any]:
        """For the log; numbers and names only."""
        fields: dict[str, Any] = {
            "model": self.model,
            "class": self.call_class,
            "project": self.project,
            "outcome": self.outcome,
            "wait_ms": self.wait_ms,
        }
        if self.used is not None:
            fields |= {
                "prompt_tokens": self.used.prompt_tokens,
                "completion_tokens": self.used.completion_tokens,
                "first_byte_ms": self.used.first_byte_ms,
                "duration_ms": self.used.duration_ms,
            }
        return fields


class _Series(NamedTuple):
    """The counters of one model, class and project: finding them costs more than counting."""

    wait: Histogram
    first: Histogram
    duration: Histogram
    rate: Histogram
    prompt: Counter
    completion: Counter


class Metrics:
    """The counters of one Fabric process."""

    def __init__(self, fabric: Fabric) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_State(fabric))
        self._projects: set[str] = set()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(_PREFIX + name, text, labels, registry=self._registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(
                _PREFIX + name, text, _LABELS, buckets=buckets, registry=self._registry
            )

        self._ended = counter("calls_ended", "Calls that are over.", *_LABELS, "outcome")
        self._prompt = counter("prompt_tokens", "Tokens read, as models counted them.", *_LABELS)
        self._completion = counter("completion_tokens", "Tokens made, likewise.", *_LABELS)
        self._wait = histogram("wait_seconds", "From arrival to a slot, or the end.", _SECONDS)
        self._first = histogram("first_byte_seconds", "From a slot to the first byte.", _SECONDS)
        self._duration = histogram("duration_seconds", "From a slot to the last byte.", _SECONDS)
        self._rate = histogram("tokens_per_second", "Of one call.", _TOKENS_PER_S)
        self._endings = lru_cache(_LABELS_KEPT)(self._ended.labels)
        self._series = lru_cache(_LABELS_KEPT)(self._series_of)

    def ended(self, record: CallRecord) -> None:
        """Count one call."""
        labels = (record.model, record.call_class, self._project(record.project))
        series = self._series(*labels)
        self._endings(*labels, record.outcome).inc()
        series.wait.observe(record.wait_ms / 1000)
        used = record.used
        if used is None:
            return
        series.first.observe(used.first_byte_ms / 1000)
        series.duration.observe(used.duration_ms / 1000)
        series.prompt.inc(used.prompt_tokens)
        series.completion.inc(used.completion_tokens)
        if used.tokens_per_s:
            series.rate.observe(used.tokens_per_s)

    def _series_of(self, *labels: str) -> _Series:
        return _Series(
            self._wait.labels(*labels),
            self._first.labels(*labels),
            self._duration.labels(*labels),
            self._rate.labels(*labels),
            self._prompt.labels(*labels),
            self._completion.labels(*labels),
        )

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
