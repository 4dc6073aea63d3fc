"""Models as vLLM runs them, handing out the normalised last hidden state.

vLLM's own "auxiliary" hidden states are taken between layers, before the final norm. The mask head was trained on the
state after it, so that the norm's weights need not leave the engine.
"""

import torch
from vllm.model_executor.models.llama import LlamaForCausalLM
from vllm.sequence import IntermediateTensors


class SegEarthLlamaForCausalLM(LlamaForCausalLM):  # type: ignore[misc] # vLLM is not there when types are checked
    """SmolLM2."""

    def forward(
        self,
        input_ids: torch.Tensor | None,
        positions: torch.Tensor,
        intermediate_tensors: IntermediateTensors | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> torch.Tensor | IntermediateTensors | tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the hidden states; with extraction on, also a list of what is to be kept of them."""
        output = super().forward(input_ids, positions, intermediate_tensors, inputs_embeds)
        if isinstance(output, tuple):  # (normalised, [one tensor per auxiliary layer])
            return output[0], [output[0]]
        return output
