"""The parts composed; the language backbone stands beside it, behind its own interface."""

from typing import cast

import torch
from torch import Tensor, nn

from serving.model.config import EfficientNetLiteConfig, SegEarthConfig, SwinConfig
from serving.model.description_projector import DescriptionProjector
from serving.model.efficientnet_lite import EfficientNetLite
from serving.model.features import HierarchicalFeatures, ImageFeatures, MaskPrediction
from serving.model.mask_decoder import MaskDecoder
from serving.model.pixel_decoder import PixelDecoder
from serving.model.place_prior import PlacePrior
from serving.model.swin import SwinEncoder
from serving.model.token_compressor import TokenCompressor


class SegEarth(nn.Module):
    """All of SegEarth-R1 but the language backbone.

    Source: SegEarth-R1 (arXiv 2504.09644), figure 2.
    """

    def __init__(self, config: SegEarthConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = _build_encoder(config.encoder)
        self.compressor = TokenCompressor(config.compressor)
        self.projector = DescriptionProjector(config.projector)
        self.pixel_decoder = PixelDecoder(config.pixel_decoder)
        self.mask_decoder = MaskDecoder(config.mask_decoder)
        self.place_prior = PlacePrior(config.projector.text_dim, config.place_waves) if config.place_waves else None

    def encode(self, image: Tensor) -> ImageFeatures:
        """Compute all that depends on the image alone.

        Args:
            image: normalised RGB, (B, 3, S, S) with S = config.input_size.
        """
        levels = cast(HierarchicalFeatures, self.encoder(image))
        return ImageFeatures(
            visual_tokens=self.compressor(levels.res5), res5=levels.res5, pixel=self.pixel_decoder(levels)
        )

    def encode_pixels(self, image: Tensor) -> ImageFeatures:
        """Do as `encode`, but leave the visual tokens out, for a language model that has already read them."""
        levels = cast(HierarchicalFeatures, self.encoder(image))
        return ImageFeatures(
            visual_tokens=levels.res5.new_zeros(len(image), 0, self.config.compressor.token_dim),
            res5=levels.res5,
            pixel=self.pixel_decoder(levels),
        )

    def decode(self, features: ImageFeatures, description: Tensor, bounds: Tensor | None = None) -> MaskPrediction:
        """Answer Q questions about each image.

        Args:
            features: what `encode` returned, for B images.
            description: mean hidden state over each question's span, (B, Q, D_lm).
            bounds: where the images lie in the larger ones that the questions speak of: x0, y0, x1, y1 as shares of
                their squares, float32 (B, 4); None where each is the whole image.
        """
        query = self.projector(description, features.res5)
        place_logits = None
        if self.place_prior is not None:
            size = features.pixel.mask_features.shape[-2:]
            place_logits = self.place_prior(self.projector.standardise(description), *size, bounds)
        return cast(MaskPrediction, self.mask_decoder(query, features.pixel, place_logits))


def _build_encoder(config: SwinConfig | EfficientNetLiteConfig) -> nn.Module:
    if isinstance(config, SwinConfig):
        return SwinEncoder(config)
    return EfficientNetLite()


def to_channels_last(model: SegEarth) -> SegEarth:
    """Lay the encoder's weights out as its depthwise convolutions are fast on a CPU; returns the same model."""
    # torch annotates memory_format for tensors only; for modules it converts every 4-D parameter in place.
    model.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model
