"""The HTTP side of the engine's process: key, checks, and an end to work that nobody waits for any more."""

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from serving.errors import LanguageInputError, LanguageUnavailableError
from serving.vllm_process.wire import MAX_BODY_BYTES, Bounds, EnginePrompt, pack_hidden

_CLIENT_CLOSED = 499  # nginx's number; nobody is there to read it

Result = TypeVar("Result")


@dataclass(frozen=True)
class TextPiece:
    """Some of a text.

    Attributes:
        text: what came since the last piece.
        finish: why the text ends ("stop", "length"), or None while it goes on.
    """

    text: str
    finish: str | None = None


class TextEngine(Protocol):
    """Reads and writes; many requests at once. A request that is cancelled stops in the engine too."""

    @property
    def bounds(self) -> Bounds:
        """What a prompt must keep to."""
        ...

    @property
    def in_flight(self) -> int:
        """Requests that it works on."""
        ...

    @property
    def is_dead(self) -> bool:
        """Whether it can never answer again."""
        ...

    async def read_hidden(self, prompt: EnginePrompt, span: slice) -> NDArray[np.float32]:
        """Return the hidden states of `span` after the final norm, (n, D).

        Raises:
            LanguageUnavailableError: the engine has died.
        """
        ...

    def write_text(self, prompt: EnginePrompt, max_tokens: int) -> AsyncGenerator[TextPiece, None]:
        """Yield what the model writes after the prompt, each time taking the likeliest token."""
        ...

    def close(self) -> None:
        """End its processes."""
        ...


def build_service(engine: TextEngine, key: str) -> Starlette:
    """Return the application that `serving.vllm_process.wire` describes."""

    async def hidden(request: Request) -> Response:
        prompt = await _read_prompt(request)
        prompt.check(engine.bounds)
        span = _read_span(request, len(prompt))
        rows = await _unless_gone(request, engine.read_hidden(prompt, span))
        if rows is None:
            return Response(status_code=_CLIENT_CLOSED)
        return Response(pack_hidden(rows), media_type="application/octet-stream")

    async def text(request: Request) -> Response:
        prompt = await _read_prompt(request)
        max_tokens = _read_number(request, "max_tokens")
        prompt.check(engine.bounds, room=max_tokens)
        return StreamingResponse(_lines(engine, prompt, max_tokens), media_type="application/x-ndjson")

    async def health(_: Request) -> Response:
        if engine.is_dead:
            raise LanguageUnavailableError("the engine has died")
        return JSONResponse({"in_flight": engine.in_flight})

    def guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {key}".encode()):
                return PlainTextResponse("wrong key", status_code=401)
            try:
                return await answer(request)
            except LanguageInputError as error:
                return PlainTextResponse(str(error), status_code=400)
            except LanguageUnavailableError as error:
                return PlainTextResponse(str(error), status_code=503)

        return guard

    return Starlette(
        routes=[
            Route("/hidden", guarded(hidden), methods=["POST"]),
            Route("/text", guarded(text), methods=["POST"]),
            Route("/health", guarded(health)),
        ]
    )


async def _lines(engine: TextEngine, prompt: EnginePrompt, max_tokens: int) -> AsyncIterator[bytes]:
    """Yield a line per piece; an engine that dies says so in the stream, as it is too late for a status."""
    pieces = engine.write_text(prompt, max_tokens)
    try:
        async with aclosing(pieces) as running:
            async for piece in running:
                yield json.dumps({"text": piece.text, "finish": piece.finish}).encode() + b"\n"
    except LanguageUnavailableError:
        yield b'{"text": "", "finish": "died"}\n'


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result | None:
    """Return what `work` returns, or None, with it cancelled, once the client has hung up."""

    async def wait_until_gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    running, gone = asyncio.create_task(work), asyncio.create_task(wait_until_gone())
    try:
        await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
        return await running if running.done() else None
    finally:
        running.cancel()
        gone.cancel()
        await asyncio.gather(running, gone, return_exceptions=True)


async def _read_prompt(request: Request) -> EnginePrompt:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise LanguageInputError.for_form(f"the request has more than {MAX_BODY_BYTES:,} bytes")
    return EnginePrompt.unpack(bytes(body))


def _read_span(request: Request, length: int) -> slice:
    start, stop = _read_number(request, "start"), _read_number(request, "stop")
    if not start < stop <= length:
        raise LanguageInputError.for_form(f"positions {start} to {stop} of {length}")
    return slice(start, stop)


def _read_number(request: Request, name: str) -> int:
    given = request.query_params.get(name, "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise LanguageInputError.for_form(f"{name} must be a count")
    return int(given)
