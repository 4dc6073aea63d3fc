"""The engine that vLLM is: one that reads and writes, hands out hidden states, and batches what comes at once.

vLLM keeps one more "layer" in its paged cache, the hidden state of every position (method extract_hidden_states), so
that chunked prefill and the prefix cache work unchanged, and a prefix that was read before gives its hidden states too.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.inputs import EmbedsPrompt
from vllm.outputs import RequestOutput
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from serving.errors import LanguageInputError, LanguageUnavailableError
from serving.vllm_process.arguments import build_arguments
from serving.vllm_process.runtime_folder import RuntimeFolder
from serving.vllm_process.service import TextPiece
from serving.vllm_process.settings import EngineSettings
from serving.vllm_process.wire import Bounds, EnginePrompt

_WANT_HIDDEN = {"kv_transfer_params": {"want_hidden": True}}
_FILE_S = 30.0  # the file appears one step after the answer
_LOOK_S = 0.001
_STALE_S = 60.0  # files of requests that were cancelled between the last step and the reading


class VllmEngine:
    """Keeps the Protocol `serving.vllm_process.service.TextEngine`.

    Args:
        engine: vLLM's.
        spool: where its connector leaves hidden states.
        max_positions: longest prompt with its reply.
    """

    def __init__(self, engine: AsyncLLM, spool: Path, max_positions: int) -> None:
        self._engine = engine
        self._spool = spool
        config = engine.model_config
        self._dtype: torch.dtype = config.dtype
        # One position less: even who only reads writes a token.
        self.bounds = Bounds(config.get_hidden_size(), config.get_vocab_size(), max_positions - 1)

    @property
    def in_flight(self) -> int:
        """Requests that vLLM works on."""
        return int(self._engine.get_num_unfinished_requests())

    @property
    def is_dead(self) -> bool:
        """Whether vLLM's inner process is gone."""
        return bool(self._engine.errored)

    async def read_hidden(self, prompt: EnginePrompt, span: slice) -> NDArray[np.float32]:
        """Return the hidden states of `span`; see `TextEngine`."""
        self._sweep()
        path: Path | None = None
        try:
            sampling = SamplingParams(max_tokens=1, temperature=0, detokenize=False, extra_args=_WANT_HIDDEN)
            async with aclosing(self._run(prompt, sampling)) as outputs:
                async for output in outputs:
                    if output.kv_transfer_params:
                        path = Path(output.kv_transfer_params["hidden_states_path"])
            async with asyncio.timeout(_FILE_S):
                while path is None or not path.exists():
                    await asyncio.sleep(_LOOK_S)
            rows = load(path.read_bytes())["hidden_states"][span, 0]  # (n, D); the axis between is that of layers
            hidden: NDArray[np.float32] = rows.float().numpy()
            return hidden
        finally:
            if path is not None:
                path.unlink(missing_ok=True)

    async def write_text(self, prompt: EnginePrompt, max_tokens: int) -> AsyncGenerator[TextPiece, None]:
        """Yield the likeliest text; see `TextEngine`."""
        sampling = SamplingParams(max_tokens=max_tokens, temperature=0, output_kind=RequestOutputKind.DELTA)
        async with aclosing(self._run(prompt, sampling)) as outputs:
            async for output in outputs:
                piece = output.outputs[0]
                yield TextPiece(piece.text, piece.finish_reason)

    def close(self) -> None:
        """End vLLM's inner processes."""
        self._engine.shutdown()

    async def _run(self, prompt: EnginePrompt, sampling: SamplingParams) -> AsyncGenerator[RequestOutput, None]:
        outputs = self._engine.generate(self._to_vllm(prompt), sampling, uuid.uuid4().hex)
        try:
            async with aclosing(outputs) as running:  # leaving early aborts the request inside vLLM
                async for output in running:
                    yield output
        except EngineDeadError as error:
            raise LanguageUnavailableError("vLLM's inner process has died") from error

    def _to_vllm(self, prompt: EnginePrompt) -> EmbedsPrompt:
        embeds = torch.zeros(len(prompt), self.bounds.hidden_size, dtype=self._dtype)
        if not prompt.is_token.all():
            given = torch.from_numpy(prompt.embeds).to(self._dtype)
            if not bool(torch.isfinite(given).all()):  # float16 overflows where float32 does not
                raise LanguageInputError.for_values()
            embeds[torch.from_numpy(~prompt.is_token)] = given
        return EmbedsPrompt(
            prompt_embeds=embeds,
            prompt_token_ids=prompt.token_ids.tolist(),
            prompt_is_token_ids=prompt.is_token.tolist(),
        )

    def _sweep(self) -> None:
        for file in self._spool.iterdir():
            try:
                if time.time() - file.stat().st_mtime > _STALE_S:
                    file.unlink()
            except FileNotFoundError:  # its reader was quicker
                continue


def open_vllm_engine(settings: EngineSettings, folder: RuntimeFolder) -> VllmEngine:
    """Load the model into vLLM; takes about half a minute. Called on the event loop that will use it."""
    if settings.quantisation is not None:
        import_module("vllm_bnb_plugin")  # vLLM itself would only say that it does not know bitsandbytes
    arguments = build_arguments(settings, spool=folder.spool, has_cuda=torch.cuda.is_available())
    engine = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))
    return VllmEngine(engine, folder.spool, settings.max_positions)
