"""Models as vLLM runs them, handing out the normalised last hidden state.

vLLM's own "auxiliary" hidden states are taken between layers, before the final norm. The mask head was trained on the
state after it, so that the norm's weights need not leave the engine.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import torch
from vllm.model_executor.models.llama import LlamaForCausalLM
from vllm.model_executor.models.transformers import TransformersForCausalLM
from vllm.sequence import IntermediateTensors

from serving.model.released_names import LANGUAGE_PREFIX, VOCABULARY_HEAD, translate_parameter

Output: TypeAlias = torch.Tensor | IntermediateTensors | tuple[torch.Tensor, list[torch.Tensor]]


class NormalisedOutput:
    """Stands before a model of vLLM's, and hands out the normalised state in place of what is taken between layers."""

    def forward(
        self,
        input_ids: torch.Tensor | None,
        positions: torch.Tensor,
        intermediate_tensors: IntermediateTensors | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> Output:
        """Return the hidden states; with extraction on, also a list of what is to be kept of them."""
        output: Output = super().forward(  # type: ignore[misc] # of the model that it stands before
            input_ids, positions, intermediate_tensors, inputs_embeds
        )
        if isinstance(output, tuple):  # (normalised, [one tensor per auxiliary layer])
            return output[0], [output[0]]
        return output


class SegEarthLlamaForCausalLM(NormalisedOutput, LlamaForCausalLM):  # type: ignore[misc] # vLLM is not there when types are checked
    """SmolLM2."""


class SegEarthPhiForCausalLM(NormalisedOutput, TransformersForCausalLM):  # type: ignore[misc] # likewise
    """Phi-1.5 as SegEarth-R1 stores it: transformers' Phi with layers of vLLM's, fed from the released names."""

    def load_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Load the language backbone from a whole checkpoint in the reference's names; return our names of it.

        Args:
            weights: name and values of everything in the checkpoint, encoder and mask head included.
        """
        translated = (ours for name, values in weights for ours in self.translate(name, values))
        loaded: set[str] = super().load_weights(translated)
        return loaded

    def translate(self, name: str, values: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield what a parameter of the checkpoint becomes under transformers' names; what has those stays as it is."""
        if name == VOCABULARY_HEAD:
            yield name, values
            return
        for ours, part in translate_parameter(name, values, language_heads=self.config.num_attention_heads):
            if ours.startswith(LANGUAGE_PREFIX):
                yield f"model.{ours.removeprefix(LANGUAGE_PREFIX)}", part
