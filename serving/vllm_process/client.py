"""Asks the engine's process over its socket; imports neither vLLM nor torch."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from serving.errors import LanguageInputError, LanguageUnavailableError
from serving.vllm_process.wire import EnginePrompt, unpack_hidden

DIED = (
    "The language engine stopped while it was answering. It is being started again; please ask again in a moment. "
    "Everything else goes on working."
)
SLOW = "The language engine has not answered for {seconds:.0f} seconds. Please ask again in a moment."

_REFUSED = (httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE)


@dataclass(frozen=True)
class Address:
    """Where one start of the engine listens.

    Attributes:
        socket: its unix socket.
        key: the secret of that start.
    """

    socket: Path
    key: str


class EngineClient:
    """Many requests at once on one event loop.

    Args:
        address: of the engine.
        timeout_s: longest silence of the engine while a request waits.
    """

    def __init__(self, address: Address, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                uds=str(address.socket), limits=httpx.Limits(max_connections=None, max_keepalive_connections=8)
            ),
            base_url="http://engine",
            headers={"Authorization": f"Bearer {address.key}"},
            timeout=httpx.Timeout(timeout_s, pool=None),
            trust_env=False,
        )

    async def read_hidden(self, prompt: EnginePrompt, span: slice) -> NDArray[np.float32]:
        """Return the hidden states of the positions in `span`, after the final norm, (n, D).

        Raises:
            LanguageInputError: the engine refuses the prompt.
            LanguageUnavailableError: the engine is not there, or stopped meanwhile.
        """
        query = {"start": span.start, "stop": span.stop}
        async with self._call("POST", "/hidden", content=prompt.pack(), params=query) as response:
            return unpack_hidden(await response.aread())

    async def write_text(self, prompt: EnginePrompt, max_tokens: int) -> AsyncGenerator[str, None]:
        """Yield what the model writes after the prompt; closing the iterator stops the engine's work.

        Raises:
            LanguageInputError: the engine refuses the prompt.
            LanguageUnavailableError: the engine is not there, or stopped meanwhile.
        """
        query = {"max_tokens": max_tokens}
        async with self._call("POST", "/text", content=prompt.pack(), params=query) as response:
            async for line in response.aiter_lines():
                piece = json.loads(line)
                if piece["text"]:
                    yield piece["text"]
                if piece["finish"] in ("stop", "length"):
                    return
        raise LanguageUnavailableError(DIED)

    async def count_in_flight(self) -> int:
        """Return how many requests the engine works on.

        Raises:
            LanguageUnavailableError: the engine is not there.
        """
        async with self._call("GET", "/health") as response:
            health = json.loads(await response.aread())
        return int(health["in_flight"])

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    @asynccontextmanager
    async def _call(self, method: str, path: str, **arguments: Any) -> AsyncIterator[httpx.Response]:
        try:
            async with self._http.stream(method, path, **arguments) as response:
                if response.status_code in _REFUSED:
                    raise LanguageInputError((await response.aread()).decode())
                if response.status_code != httpx.codes.OK:
                    raise LanguageUnavailableError(DIED)
                yield response
        except httpx.TimeoutException as error:
            raise LanguageUnavailableError(SLOW.format(seconds=self._timeout_s)) from error
        except httpx.TransportError as error:
            raise LanguageUnavailableError(DIED) from error
