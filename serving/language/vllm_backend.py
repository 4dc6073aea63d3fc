"""The language backbone in vLLM's process; this file knows its socket, not vLLM.

No weights of the language model are in this process: token ids and the image's visual tokens go over, hidden states and
text come back. The engine recognises a prefix that it has read before by its content, so nothing is kept here.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import ExitStack, closing
from difflib import SequenceMatcher
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from anyio.from_thread import start_blocking_portal
from numpy.typing import NDArray
from torch import Tensor

from serving.cancellation import Cancellation
from serving.errors import LanguageUnavailableError
from serving.language.admission import check_visual_tokens
from serving.language.question_tokenizer import QuestionTokenizer
from serving.vllm_process.client import Address, EngineClient
from serving.vllm_process.wire import Bounds, EnginePrompt

_WAIT_S = 0.05  # how often somebody who waits looks whether Stop was pressed
_LONGEST_LINE = 16  # tokens: a few words that say what was meant
_SILENCE_S = 300.0  # longest silence of an engine that is busy with others

Result = TypeVar("Result")


class Supervisor(Protocol):
    """Keeps the engine running."""

    def find_address(self) -> Address:
        """Return where the engine listens now, or raise `LanguageUnavailableError`."""
        ...

    def stop(self) -> None:
        """End the engine."""
        ...


class VllmBackend:
    """Asks an engine that many chats share; requests are batched there.

    Args:
        supervisor: has started the engine; stopped when this object is closed.
        tokenizer: of the model that the engine serves.
        bounds: of the engine.
        learned_tokens: embeddings read after every question, (N, D), whose hidden states then stand for it; None
            where the question's own do.
        writes_text: whether the model has what turns hidden states into words.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        tokenizer: QuestionTokenizer,
        *,
        bounds: Bounds,
        learned_tokens: Tensor | None = None,
        writes_text: bool = True,
    ) -> None:
        self._supervisor = supervisor
        self._tokenizer = tokenizer
        self._bounds = bounds
        self._learned = None if learned_tokens is None else _to_numpy(learned_tokens)
        self._writes_text = writes_text
        self._clients: dict[Address, EngineClient] = {}
        self._open = ExitStack()
        self._portal = self._open.enter_context(start_blocking_portal())

    def prefill_hidden(
        self, image_digest: str, visual_tokens: Tensor, question: str, *, cancellation: Cancellation | None = None
    ) -> Tensor:
        """Return hidden states of the question's span (or of the learned tokens after it); see `LanguageBackend`."""
        ids = self._tokenizer.tokenize_question(question)
        prompt = self._join(visual_tokens, ids, *([] if self._learned is None else [self._learned]))
        prompt.check(self._bounds)
        count = len(ids) if self._learned is None else len(self._learned)
        span = slice(len(prompt) - count, len(prompt))
        rows = self._run(lambda client: client.read_hidden(prompt, span), cancellation)
        return torch.from_numpy(rows).to(visual_tokens.device)

    def stream_text(
        self,
        image_digest: str,
        visual_tokens: Tensor,
        question: str,
        *,
        max_tokens: int,
        cancellation: Cancellation | None = None,
    ) -> Generator[str, None, None]:
        """Yield the reply in pieces; see `LanguageBackend`."""
        if not self._writes_text:
            raise LanguageUnavailableError.for_text()
        ids = [*self._tokenizer.tokenize_question(question), *self._tokenizer.reply_start_ids]
        prompt = self._join(visual_tokens, ids)
        prompt.check(self._bounds, room=max_tokens)
        return self._write(prompt, max_tokens, cancellation)

    def rate_replies(
        self, lead: str, prompt: str, replies: Sequence[str], *, cancellation: Cancellation | None = None
    ) -> list[float]:
        """Return how alike each reply is to what the engine writes by itself, 0..1; see `LanguageBackend`.

        The engine's process hands out no probabilities: one line of text is all that this asks of it.
        """
        words = EnginePrompt.join(self._tokenizer.tokenize_words(lead + prompt))
        words.check(self._bounds, room=_LONGEST_LINE)
        written = ""
        with closing(self._write(words, _LONGEST_LINE, cancellation)) as pieces:
            for piece in pieces:
                written += piece
                if "\n" in written.strip():
                    break
        line = written.strip().partition("\n")[0].lower()
        return [SequenceMatcher(None, line.split(), reply.lower().split()).ratio() for reply in replies]

    def count_in_flight(self) -> int:
        """Return how many requests the engine works on.

        Raises:
            LanguageUnavailableError: the engine is not there.
        """
        return self._run(lambda client: client.count_in_flight(), None)

    def close(self) -> None:
        """End the engine, and hang up."""
        self._supervisor.stop()
        self._portal.call(self._hang_up, None)
        self._open.close()

    def _write(
        self, prompt: EnginePrompt, max_tokens: int, cancellation: Cancellation | None
    ) -> Generator[str, None, None]:
        async def begin(client: EngineClient) -> AsyncGenerator[str, None]:
            return client.write_text(prompt, max_tokens)

        pieces = self._run(begin, cancellation)
        try:
            while (piece := self._run(lambda _: anext(pieces, None), cancellation)) is not None:
                yield piece
        finally:
            self._portal.call(pieces.aclose)

    def _run(
        self, ask: Callable[[EngineClient], Coroutine[Any, Any, Result]], cancellation: Cancellation | None
    ) -> Result:
        """Return what the engine answers; a cancellation hangs up, which stops the engine's work."""
        wanted = cancellation or Cancellation()
        wanted.raise_if_cancelled()
        address = self._supervisor.find_address()

        async def run() -> Result:
            return await ask(await self._find_client(address))

        future: Future[Result] = self._portal.start_task_soon(run)
        while not wait_for_futures((future,), timeout=_WAIT_S).done:
            if wanted.is_cancelled:
                future.cancel()
                wait_for_futures((future,))
            wanted.raise_if_cancelled()
        return future.result()

    async def _find_client(self, address: Address) -> EngineClient:
        if address not in self._clients:  # the first request, or the engine was started again
            await self._hang_up(address)
            self._clients[address] = EngineClient(address, timeout_s=_SILENCE_S)
        return self._clients[address]

    async def _hang_up(self, but: Address | None) -> None:
        for address in [known for known in self._clients if known != but]:
            await self._clients.pop(address).close()

    def _join(self, visual_tokens: Tensor, *after: list[int] | NDArray[np.float32]) -> EnginePrompt:
        check_visual_tokens(visual_tokens, self._bounds.hidden_size)
        before, behind = self._tokenizer.before_image_ids, self._tokenizer.after_image_ids
        return EnginePrompt.join(before, _to_numpy(visual_tokens), behind, *after)


def _to_numpy(tokens: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tokens.detach().float().cpu().numpy()
    return array
