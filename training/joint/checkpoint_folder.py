"""The folder that an experiment ends in, in one of the two forms that the chat serves (`serving/model/checkpoints.py`).

With SmolLM2 the backbone's own weights stay where they are, and an adapter lies beside the rest. With Phi all weights
are in one file under the reference's names, low-rank updates merged, with the tokenizer beside it. Either way the
config is in our own form: the words around a question, the normalisation and every switch of the model are in it.
"""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from serving.model.checkpoint import CONFIG_NAME, WEIGHTS_NAME
from training.joint.experiment import Experiment
from training.joint.network import JointNetwork
from training.joint.weights import our_weights, to_released_names


def save_network(
    network: JointNetwork, folder: Path, experiment: Experiment, *, seconds: float, sources: Sequence[str]
) -> None:
    """Write the folder; files of an earlier export are replaced.

    Args:
        network: the trained model.
        folder: where.
        experiment: how it was trained, kept in the config.
        seconds: time spent in training steps.
        sources: data sets that it was trained on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dtype = getattr(torch, experiment.run.export_dtype)
    training = {"experiment": asdict(experiment), "seconds": round(seconds), "sources": sorted(sources)}
    config = replace(network.config, training=json.loads(json.dumps(training)))
    adapters = network.language.adapters
    if config.language.family == "llama":
        save_file(_as_dtype(network.segearth.state_dict(), dtype), folder / WEIGHTS_NAME)
        assert adapters is not None, "SmolLM2 always has adapters"
        adapters.save(folder)
    else:
        with nullcontext() if adapters is None else adapters.merged():
            weights = to_released_names(our_weights(network), language_heads=config.language.heads)
            save_file(_as_dtype(weights, dtype), folder / WEIGHTS_NAME, {"format": "pt"})
        network.conversation.tokenizer.save(folder)
        config = replace(config, language=replace(config.language, lora_rank=0))  # merged into the weights
    # The config last: a folder that has one is whole.
    (folder / CONFIG_NAME).write_text(config.to_json() + "\n", encoding="utf-8")
    for file in folder.rglob("*"):
        if file.name == "README.md" and "library_name: peft" in file.read_text(encoding="utf-8"):
            file.unlink()  # peft's empty template
        elif file.is_file():
            file.chmod(0o644)  # safetensors writes for the owner alone


def _as_dtype(tensors: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    return {
        name: (values.to(dtype) if values.is_floating_point() else values).detach().cpu().contiguous()
        for name, values in tensors.items()
    }
