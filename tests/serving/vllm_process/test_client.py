"""Requests over the socket, against a fake engine in a real process: answers, refusals, hanging up, a killed engine."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.errors import LanguageInputError, LanguageUnavailableError
from serving.vllm_process.client import EngineClient
from serving.vllm_process.program import Patience, Program
from serving.vllm_process.settings import EngineSettings
from serving.vllm_process.supervisor import EngineSupervisor
from serving.vllm_process.wire import Bounds, EnginePrompt
from tests.fakes.text_engine import BOUNDS, HIDDEN, SLOW, Start

ROOT = Path(__file__).resolve().parents[3]
EMBEDS = np.arange(3 * HIDDEN, dtype=np.float32).reshape(3, HIDDEN)
GOOD = EnginePrompt.join([5, 6], EMBEDS, [7])


@pytest.fixture(scope="module")
def cancelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine") / "cancelled"


@pytest.fixture(scope="module")
def supervisor(cancelled: Path) -> Iterator[EngineSupervisor]:
    program = Program(Path(sys.executable), {"PATH": "/usr/bin:/bin"}, packages={"tests": ROOT / "tests"})
    settings = EngineSettings(Start(counts=str(cancelled)).to_json(), entry="tests.fakes.text_engine:open_fake_engine")
    supervisor = EngineSupervisor(
        program, settings, patience=Patience(grace_s=0.3, first_pause_s=0.1), report=lambda _: None
    )
    supervisor.start()
    yield supervisor
    supervisor.stop()


def run_apart(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine in a thread of its own: Playwright keeps an event loop running in the tests'."""
    with ThreadPoolExecutor(max_workers=1) as runner:
        return runner.submit(lambda: asyncio.run(work())).result()


def ask(supervisor: EngineSupervisor, use: Callable[[EngineClient], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        client = EngineClient(supervisor.find_address(), timeout_s=60)
        try:
            return await use(client)
        finally:
            await client.close()

    return run_apart(run)


async def read_all(client: EngineClient, prompt: EnginePrompt, max_tokens: int) -> str:
    return "".join([piece async for piece in client.write_text(prompt, max_tokens)])


async def wait_until_idle(client: EngineClient) -> None:
    async with asyncio.timeout(20):
        while await client.count_in_flight():
            await asyncio.sleep(0.02)


def test_hidden_states_come_back_for_the_span_alone(supervisor: EngineSupervisor) -> None:
    rows = ask(supervisor, lambda client: client.read_hidden(GOOD, slice(1, 4)))
    np.testing.assert_array_equal(rows, [[6] * HIDDEN, *EMBEDS[:2]])


def test_text_comes_in_pieces(supervisor: EngineSupervisor) -> None:
    assert ask(supervisor, lambda client: read_all(client, GOOD, 4)) == "7 8 9 10 "


def test_many_at_once_are_not_mixed_up(supervisor: EngineSupervisor) -> None:
    async def use(client: EngineClient) -> list[Any]:
        prompts = [EnginePrompt.join([number], EMBEDS) for number in range(32)]
        return await asyncio.gather(*(client.read_hidden(prompt, slice(0, 1)) for prompt in prompts))

    assert [int(rows[0, 0]) for rows in ask(supervisor, use)] == list(range(32))


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (EnginePrompt.join([1], np.full((1, HIDDEN), np.nan, np.float32)), "no numbers"),
        (EnginePrompt.join([1], np.full((1, HIDDEN), np.inf, np.float32)), "no numbers"),
        (EnginePrompt.join([1], EMBEDS[:, 1:]), "have the shape 3 x 3; the language model reads rows of 4"),
        (EnginePrompt.join([1], EMBEDS[None]), "have the shape 1 x 3 x 4"),
        (replace(GOOD, embeds=EMBEDS[:2]), "have the shape 2 x 4"),
        (replace(GOOD, is_token=np.ones(2, np.bool_)), "their kinds bool"),
        (EnginePrompt.join(EMBEDS), "needs a token"),
        (EnginePrompt.join([BOUNDS.vocabulary_size]), "outside the vocabulary"),
        (EnginePrompt.join([-1]), "outside the vocabulary"),
        (EnginePrompt.join([1] * 51), "together make 51 tokens; the language model reads 50"),
    ],
)
def test_harm_is_refused_at_the_door(supervisor: EngineSupervisor, prompt: EnginePrompt, sentence: str) -> None:
    with pytest.raises(LanguageInputError, match=sentence):
        ask(supervisor, lambda client: client.read_hidden(prompt, slice(0, 1)))
    with pytest.raises(LanguageInputError, match=sentence):
        prompt.check(BOUNDS)
    assert ask(supervisor, lambda client: read_all(client, GOOD, 1)) == "7 "


@pytest.mark.parametrize("span", [slice(2, 2), slice(0, 7), slice(3, 1)])
def test_positions_that_are_not_there_are_refused(supervisor: EngineSupervisor, span: slice) -> None:
    with pytest.raises(LanguageInputError, match="of 6"):
        ask(supervisor, lambda client: client.read_hidden(GOOD, span))


def test_a_reply_beyond_the_last_position_is_refused() -> None:
    GOOD.check(BOUNDS, room=44)
    with pytest.raises(LanguageInputError, match="51 tokens"):
        GOOD.check(BOUNDS, room=45)


def test_bytes_that_are_no_prompt_are_refused() -> None:
    for body in (b"", b"\x00" * 100, GOOD.pack()[:-1]):
        with pytest.raises(LanguageInputError, match="no packed prompt"):
            EnginePrompt.unpack(body)


def test_a_packed_prompt_is_unpacked_as_it_was() -> None:
    again = EnginePrompt.unpack(GOOD.pack())
    for name in ("token_ids", "is_token", "embeds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(GOOD, name))
    again.check(Bounds(HIDDEN, 8, 6))


def test_a_stranger_is_turned_away(supervisor: EngineSupervisor) -> None:
    async def run() -> None:
        stranger = EngineClient(replace(supervisor.find_address(), key="guessed"), timeout_s=10)
        try:
            await stranger.count_in_flight()
        finally:
            await stranger.close()

    with pytest.raises(LanguageUnavailableError):
        run_apart(run)


@pytest.mark.parametrize("path", ["hidden", "text"])
def test_hanging_up_stops_the_work(supervisor: EngineSupervisor, cancelled: Path, path: str) -> None:
    before = cancelled.read_text().count("\n") if cancelled.exists() else 0
    slow = EnginePrompt.join([SLOW])

    async def use(client: EngineClient) -> None:
        work = client.read_hidden(slow, slice(0, 1)) if path == "hidden" else read_all(client, slow, 5)
        waiting = asyncio.create_task(work)
        async with asyncio.timeout(20):
            while not await client.count_in_flight():
                await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await wait_until_idle(client)

    ask(supervisor, use)
    assert cancelled.read_text().count("\n") == before + 1


@pytest.mark.parametrize("path", ["hidden", "text"])
def test_a_killed_engine_fails_the_request_in_a_sentence(supervisor: EngineSupervisor, path: str) -> None:
    slow, restarts = EnginePrompt.join([SLOW]), supervisor.restarts

    async def use(client: EngineClient) -> None:
        work = client.read_hidden(slow, slice(0, 1)) if path == "hidden" else read_all(client, slow, 5)
        waiting = asyncio.create_task(work)
        async with asyncio.timeout(20):
            while not await client.count_in_flight():
                await asyncio.sleep(0.02)
        os.kill(supervisor.pid, signal.SIGKILL)
        await waiting

    with pytest.raises(LanguageUnavailableError, match=r"stopped while it was answering.*please ask again in a moment"):
        ask(supervisor, use)
    supervisor.wait_until_ready(timeout_s=60, after_restarts=restarts + 1)
    assert ask(supervisor, lambda client: read_all(client, GOOD, 1)) == "7 "
