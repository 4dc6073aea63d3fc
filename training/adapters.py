"""Low-rank adapters on the language backbone's attention, in peft's file format."""

import json
from pathlib import Path
from typing import cast

from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn

from serving.language.smollm2 import SmolLM2
from serving.model.config import LanguageConfig

_BASE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
_TARGETS = ["q_proj", "v_proj"]


class Adapters:
    """The trained part of the language backbone; starts as no change at all."""

    def __init__(self, language: SmolLM2, config: LanguageConfig) -> None:
        lora = LoraConfig(r=config.lora_rank, lora_alpha=int(config.lora_alpha), target_modules=_TARGETS, bias="none")
        # peft replaces the layers inside `language` in place; this wrapper only knows how to save them.
        self._wrapped = cast(PeftModel, get_peft_model(language.causal_model, lora))
        for parameter in self.parameters:
            parameter.data = parameter.data.float()

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What is trained, float32."""
        return [parameter for parameter in self._wrapped.parameters() if parameter.requires_grad]

    def state(self) -> dict[str, Tensor]:
        """Return the trained tensors by name."""
        return {
            name: parameter.detach().clone()
            for name, parameter in self._wrapped.named_parameters()
            if parameter.requires_grad
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` returned."""
        own = dict(self._wrapped.named_parameters())
        for name, tensor in state.items():
            own[name].data.copy_(tensor)

    def save(self, folder: Path) -> None:
        """Write adapter_config.json and adapter_model.safetensors."""
        self._wrapped.save_pretrained(str(folder), save_embedding_layers=False)
        config_path = folder / "adapter_config.json"
        config = json.loads(config_path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = _BASE_MODEL  # peft writes the folder of this machine
        config_path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
