"""vLLM's loader for bitsandbytes (package vllm-bnb-plugin), for our models: importing this file registers it.

Beyond what the package does, it passes over the part of vLLM that keeps hidden states, a "draft model" without
weights, and splits the released form's fused matrices before they are quantised.
"""

from collections.abc import Iterator
from typing import Any

import torch
from vllm.config import ModelConfig
from vllm.model_executor.model_loader import register_model_loader
from vllm.model_executor.models.extract_hidden_states import ExtractHiddenStatesModel
from vllm_bnb_plugin.bitsandbytes_loader import BitsAndBytesModelLoader

from serving.vllm_process.vllm_models import SegEarthPhiForCausalLM


@register_model_loader("bitsandbytes")
class Nf4Loader(BitsAndBytesModelLoader):  # type: ignore[misc] # vLLM is not there when types are checked
    """See the module."""

    def load_weights(self, model: torch.nn.Module, model_config: ModelConfig) -> None:
        """Quantise the model's linear layers while their weights are read."""
        if isinstance(model, ExtractHiddenStatesModel):
            return
        self._phi = model if isinstance(model, SegEarthPhiForCausalLM) else None
        super().load_weights(model, model_config)

    def _hf_weight_iter(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, str, torch.Tensor]]:
        for stored, mapped, values in super()._hf_weight_iter(*args, **kwargs):
            if self._phi is None:
                yield stored, mapped, values
            else:
                for name, part in self._phi.translate(stored, values):
                    yield name, self.weight_mapper(name), part
