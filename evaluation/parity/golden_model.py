"""The model of a golden case, with its synthetic weights, in float32 on the CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from evaluation.parity.golden_fill import draw_weights
from serving.language.phi import PhiBackbone
from serving.model.config import LanguageConfig, SegEarthConfig
from serving.model.released_names import LANGUAGE_PREFIX, release_name, translate_parameter
from serving.model.segearth import SegEarth


@dataclass(frozen=True)
class GoldenModel:
    """Both halves of one model, ready for inference."""

    segearth: SegEarth
    language: PhiBackbone


def build_golden_model(config: SegEarthConfig) -> GoldenModel:
    """Build the model and fill it parameter by parameter, in place: never two copies of it in memory."""
    segearth = SegEarth(config)
    language = PhiBackbone(config.language)
    with torch.no_grad():
        _fill(segearth, "", config.language)
        _fill(language.phi, LANGUAGE_PREFIX, config.language)
    return GoldenModel(segearth.eval(), language.eval())


def _fill(module: nn.Module, prefix: str, language: LanguageConfig) -> None:
    ours = {prefix + name: parameter for name, parameter in module.named_parameters()}
    filled: set[str] = set()
    for name, parameter in ours.items():
        if name in filled:  # came with the first part of a fused matrix
            continue
        for part_name, values in _draw(name, parameter, language):
            ours[part_name].copy_(values)
            filled.add(part_name)


def _draw(name: str, parameter: Tensor, language: LanguageConfig) -> list[tuple[str, Tensor]]:
    """Return the values of the checkpoint's parameter that `name` comes from, under our names."""
    released = release_name(name)
    shape = list(parameter.shape)
    if "query_key_value" in released:
        shape[0] *= 3
    values = torch.from_numpy(draw_weights(released, shape))
    return list(translate_parameter(released, values, language_heads=language.heads))
