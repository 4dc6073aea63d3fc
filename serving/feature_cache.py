"""What depends on an image alone, kept by digest; the least recently used goes when the bytes run out."""

import threading
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Anything that knows the memory it holds."""

    @property
    def size_bytes(self) -> int:
        """Memory in bytes."""
        ...


Value = TypeVar("Value", bound=Sized)


class FeatureCache(Generic[Value]):
    """Thread-safe and bounded in bytes; the newest entry stays even when it alone is larger than the bound."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Value] = OrderedDict()
        self._held_bytes = 0
        self._lock = threading.Lock()

    def get(self, digest: str) -> Value | None:
        """Return what is kept for `digest`, or None."""
        with self._lock:
            value = self._entries.get(digest)
            if value is not None:
                self._entries.move_to_end(digest)
            return value

    def put(self, digest: str, value: Value) -> None:
        """Keep `value` for `digest`, and let go of the oldest until the bound holds."""
        with self._lock:
            replaced = self._entries.pop(digest, None)
            if replaced is not None:
                self._held_bytes -= replaced.size_bytes
            self._entries[digest] = value
            self._held_bytes += value.size_bytes
            while self._held_bytes > self._max_bytes and len(self._entries) > 1:
                _, oldest = self._entries.popitem(last=False)
                self._held_bytes -= oldest.size_bytes

    @property
    def held_bytes(self) -> int:
        """Memory that the entries hold."""
        return self._held_bytes

    def __len__(self) -> int:
        return len(self._entries)
