"""Counters and timers of the page, in a registry of their own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PageMetrics:
    """One app's figures; two apps in one process do not share any.

    Attributes:
        turns: finished turns by outcome ("complete", "failed", "stopped").
        turn_seconds: how long a turn ran, without its wait for the engine.
        uploads: images by outcome ("admitted", "refused").
        in_flight: turns that wait or run now.
        waiting: turns that wait for the engine now.
        failures: errors that were not one of ours.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.turns = Counter("segearth_turns", "Finished turns", ["outcome"], registry=self._registry)
        self.turn_seconds = Histogram(
            "segearth_turn_seconds",
            "Seconds that a turn ran, without its wait for the engine",
            buckets=(0.25, 0.5, 1, 2, 4, 8, 16, 32, 64),
            registry=self._registry,
        )
        self.uploads = Counter("segearth_uploads", "Images handed in", ["outcome"], registry=self._registry)
        self.in_flight = Gauge("segearth_turns_in_flight", "Turns that wait or run now", registry=self._registry)
        self.waiting = Gauge("segearth_turns_waiting", "Turns that wait for the engine now", registry=self._registry)
        self.failures = Counter("segearth_unexpected_failures", "Errors of no known kind", registry=self._registry)

    def render(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return generate_latest(self._registry)
