"""Writes the hidden states of the requests that ask for them, and of no others, for the engine's process to read.

What it changes in vLLM's ExampleHiddenStatesConnector:

- only requests with extra_args["kv_transfer_params"]["want_hidden"] cause a file (there: every request, chat included);
- it works on a CPU build (there: CUDA streams, events and pinned memory);
- it writes "<name>.tmp" and renames it: the reader sees nothing or the whole file, and there are no lock files to leak;
- an aborted request writes nothing.
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from vllm.distributed.kv_transfer.kv_connector.v1 import example_hidden_states_connector as stock
from vllm.v1.core.sched.output import SchedulerOutput
from vllm.v1.request import Request, RequestStatus


class HiddenStatesConnector(stock.ExampleHiddenStatesConnector):  # type: ignore[misc] # vLLM is not there to be checked
    """See the module."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_lock = False

    def build_connector_meta(self, scheduler_output: SchedulerOutput) -> stock.ExampleHiddenStatesConnectorMetadata:
        """Name a file for each new request that asks for its hidden states (scheduler's side)."""
        meta = super().build_connector_meta(scheduler_output)
        for request in scheduler_output.scheduled_new_reqs:
            extra = (request.sampling_params.extra_args if request.sampling_params else None) or {}
            if not extra.get("kv_transfer_params", {}).get("want_hidden"):
                # Without a file name the stock request_finished() frees the blocks at once and saves nothing.
                self._request_filenames.pop(request.req_id, None)
                meta.new_req_filenames.pop(request.req_id, None)
        return meta

    def request_finished(self, request: Request, block_ids: list[int]) -> tuple[bool, dict[str, Any] | None]:
        """Say whether the blocks are still needed, and the file's name (scheduler's side)."""
        if request.status == RequestStatus.FINISHED_ABORTED:
            self._request_filenames.pop(request.request_id, None)
        finished: tuple[bool, dict[str, Any] | None] = super().request_finished(request, block_ids)
        return finished

    @staticmethod
    def _write_tensors(tensors: dict[str, torch.Tensor], event: Any, filename: str, lock_fd: int | None) -> None:
        event.synchronize()
        unfinished = Path(filename + ".tmp")
        save_file(tensors, unfinished)
        unfinished.replace(filename)

    def _submit_async_write(self, pending: stock.PendingSave) -> None:
        assert self._kv_cache is not None
        if self._kv_cache.is_cuda:
            super()._submit_async_write(pending)
            return
        blocks = torch.tensor(pending.block_ids, dtype=torch.long)
        slots = (blocks[:, None] * self._block_size + torch.arange(self._block_size)).flatten()
        hidden = stock.extract_from_kv_cache(self._kv_cache, slots, len(pending.token_ids))  # indexing copies
        tensors = {"hidden_states": hidden, "token_ids": pending.token_ids.clone()}
        self._req_copy_events[pending.req_id] = _Done()
        future = self._executor.submit(self._write_tensors, tensors, _Done(), pending.filename, None)
        self._req_futures[pending.req_id] = future
        future.add_done_callback(partial(self._on_write_done, pending.req_id))


class _Done:
    """Stands in for a torch.cuda.Event where copies are synchronous."""

    def query(self) -> bool:
        return True

    def synchronize(self) -> None:
        return None
