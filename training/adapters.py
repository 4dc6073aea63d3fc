"""Low-rank adapters on the language backbone's attention, in peft's file format."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from serving.model.checkpoint import ADAPTER_NAMES
from serving.model.config import LanguageConfig

_BASE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
_TARGETS = ["q_proj", "v_proj"]


class Adapters:
    """The trained part of the language backbone; starts as no change at all.

    Args:
        language: the backbone, frozen by this; its layers are replaced in place.
        config: rank and scale.
        base_model: name of the backbone that the adapter's files give.
    """

    def __init__(self, language: PreTrainedModel, config: LanguageConfig, *, base_model: str = _BASE_MODEL) -> None:
        self._base_model = base_model
        lora = LoraConfig(r=config.lora_rank, lora_alpha=int(config.lora_alpha), target_modules=_TARGETS, bias="none")
        # peft replaces the layers inside `language` in place; this wrapper only knows how to save them.
        self._wrapped = cast(PeftModel, get_peft_model(language, lora))
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

    def digest(self) -> str:
        """Return a digest of the trained tensors, hex."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.state().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        return digest.hexdigest()

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` returned."""
        own = dict(self._wrapped.named_parameters())
        for name, tensor in state.items():
            own[name].data.copy_(tensor)

    def load(self, folder: Path) -> None:
        """Take over the adapter that `save` wrote.

        Raises:
            ValueError: it is of another model or of another rank.
        """
        tensors = load_file(folder / ADAPTER_NAMES[1])
        try:
            result = cast(Any, set_peft_model_state_dict(self._wrapped, tensors))  # a named tuple made on the fly
        except RuntimeError as error:  # torch's word for a shape that differs
            raise ValueError("the adapter has another rank or is of another model") from error
        if result.unexpected_keys:
            raise ValueError(f"the adapter holds {result.unexpected_keys[0]}, which this model does not have")

    @contextmanager
    def merged(self) -> Iterator[None]:
        """Add the updates to the backbone's own weights for as long as the block lasts."""
        self._wrapped.merge_adapter()
        try:
            yield
        finally:
            self._wrapped.unmerge_adapter()

    def save(self, folder: Path) -> None:
        """Write adapter_config.json and adapter_model.safetensors."""
        self._wrapped.save_pretrained(str(folder), save_embedding_layers=False)
        config_path = folder / "adapter_config.json"
        config = json.loads(config_path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = self._base_model  # peft writes the folder of this machine
        config_path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
