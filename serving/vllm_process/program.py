"""What the supervisor starts, and how long it waits for what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Patience:
    """How long the supervisor waits for what.

    Attributes:
        start_s: for the engine to become ready.
        health_interval_s: between two looks at a ready engine.
        health_s: for the answer to such a look.
        health_misses: looks in a row without an answer after which it is started again.
        grace_s: between asking the processes to end and killing them.
        first_pause_s: before the first restart; doubles with each that dies young.
        longest_pause_s: before any restart.
        settled_s: a life this long makes the next pause short again.
    """

    start_s: float = 300.0
    health_interval_s: float = 10.0
    health_s: float = 30.0
    health_misses: int = 3
    grace_s: float = 3.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    settled_s: float = 120.0


@dataclass(frozen=True)
class Program:
    """What is started.

    Attributes:
        python: interpreter that has vLLM.
        environment: of the process, complete.
        packages: what it may import besides `serving`; for tests.
    """

    python: Path
    environment: Mapping[str, str]
    packages: Mapping[str, Path] = field(default_factory=dict)
