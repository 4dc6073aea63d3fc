"""ZeroGPU's device service by rule: it lends one GPU, which does not exist, unless it is told to refuse."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class DeviceService(ThreadingHTTPServer):
    """Answers as ZeroGPU's own service does to `spaces` 0.51.

    Args:
        refusal: a file; as long as it exists, nobody is lent anything.

    Attributes:
        calls: how often each address was called.
    """

    def __init__(self, refusal: Path) -> None:
        self.calls: Counter[str] = Counter()
        self.refusal = refusal
        super().__init__(("127.0.0.1", 0), DeviceAnswers)


class DeviceAnswers(BaseHTTPRequestHandler):
    """The answers themselves."""

    server: DeviceService

    def do_POST(self) -> None:
        """Answer one call."""
        path = urlsplit(self.path).path
        self.server.calls[path] += 1
        answer: dict[str, object] = {}
        is_refused = path == "/schedule" and self.server.refusal.exists()
        if is_refused:
            answer = {"left": 0, "wait": 3600}
        elif path == "/schedule":
            answer = {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": "token"}
        body = json.dumps(answer).encode()
        self.send_response(429 if is_refused else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serve_devices(refusal: Path) -> Iterator[DeviceService]:
    """Run the service for as long as the block lasts."""
    with DeviceService(refusal) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()
