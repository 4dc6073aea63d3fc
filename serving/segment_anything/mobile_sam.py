"""MobileSAM: the encoder once per picture, then masks for single points, for all of them together, or for a box.

Source: MobileSAM (arXiv 2306.14289): our own encoder, and the prompt encoder and the mask decoder of Segment Anything
(arXiv 2304.02643) by the transformers library. Masks as prompts are not here.
"""

from typing import cast

import torch
from torch import Tensor, nn
from transformers.models.sam.configuration_sam import SamConfig, SamMaskDecoderConfig
from transformers.models.sam.modeling_sam import SamMaskDecoder, SamPromptEncoder

from serving.segment_anything.tiny_vit import EMBEDDING_DIM, SQUARE_SIDE, TinyViT

LOGITS_SIDE = SQUARE_SIDE // 4
PROPOSALS = 3  # for each prompt
_PIXEL_MEAN = (123.675, 116.28, 103.53)
_PIXEL_STD = (58.395, 57.12, 57.375)
_EMBEDDING_SIDE = SQUARE_SIDE // 16
_POSITIVE = 1  # label of a point that is on the thing
# The reference's; the library's own default of 1e-6 gives other numbers.
_DECODER_NORM_EPS = 1e-5


class MobileSam(nn.Module):
    """Weights and steps: `encode` once, then what is proposed for points or a box as often as wanted."""

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = TinyViT()
        self.prompt_encoder = SamPromptEncoder(SamConfig())  # the defaults are Segment Anything's own sizes
        del self.prompt_encoder.mask_embed  # no masks as prompts
        self.mask_decoder = SamMaskDecoder(_build_decoder_config())
        self.register_buffer("pixel_mean", torch.tensor(_PIXEL_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(_PIXEL_STD).view(3, 1, 1), persistent=False)

    def encode(self, square: Tensor) -> Tensor:
        """Compute all that depends on the picture alone.

        Args:
            square: RGB, (B, 3, 1024, 1024), uint8 or float, 0..255.

        Returns:
            embedding, float32 (B, 256, 64, 64).

        Raises:
            ValueError: `square` has another shape.
        """
        if square.dim() != 4 or square.shape[1:] != (3, SQUARE_SIDE, SQUARE_SIDE):
            raise ValueError(f"square {tuple(square.shape)} is not (B, 3, {SQUARE_SIDE}, {SQUARE_SIDE})")
        return cast(Tensor, self.encoder((square.float() - self.pixel_mean) / self.pixel_std))

    def propose_at_points(self, embedding: Tensor, points: Tensor) -> Tensor:
        """Return what may be meant by each point, taken alone.

        The three are a part of a thing, the thing, and what it belongs to, as a rule and in SAM's own order.

        Args:
            embedding: of one picture, (1, 256, 64, 64).
            points: x and y in pixels of the square, (N, 2); a whole number means the centre of that pixel.

        Returns:
            mask logits at a quarter of the square's side, float32 (N, 3, 256, 256), in SAM's order.

        Raises:
            ValueError: an argument has another shape.
        """
        if points.dim() != 2 or points.shape[1] != 2:
            raise ValueError(f"points {tuple(points.shape)} are not (N, 2)")
        prompts = points.float()[None, :, None]  # (pictures, prompts, points in each, 2)
        labels = torch.full(prompts.shape[:-1], _POSITIVE, device=points.device)
        # The library adds half a pixel, and to each point the padding that says that there is no box.
        tokens, dense = self.prompt_encoder(prompts, labels, None, None)
        return self._decode(embedding, tokens, dense)

    def propose_in_box(self, embedding: Tensor, box: Tensor) -> Tensor:
        """Return three proposals for what is in a box.

        Args:
            embedding: of one picture, (1, 256, 64, 64).
            box: x0, y0, x1, y1 in pixels of the square, (4,), as for points.

        Returns:
            mask logits at a quarter of the square's side, float32 (3, 256, 256), in SAM's order.

        Raises:
            ValueError: an argument has another shape.
        """
        if box.shape != (4,):
            raise ValueError(f"box {tuple(box.shape)} is not (4,)")
        tokens, dense = self.prompt_encoder(None, None, box.float().view(1, 1, 4), None)
        return self._decode(embedding, tokens, dense)[0]

    def propose_for_all(self, embedding: Tensor, points: Tensor, is_positive: Tensor) -> Tensor:
        """Return the one thing that all points together may mean.

        Args:
            embedding: of one picture, (1, 256, 64, 64).
            points: as for `propose_at_points`, at least two.
            is_positive: bool (N,), whether each lies on the thing or beside it.

        Returns:
            mask logits at a quarter of the square's side, float32 (256, 256).

        Raises:
            ValueError: an argument has another shape.
        """
        if points.dim() != 2 or points.shape[1] != 2 or len(points) < 2 or is_positive.shape != points.shape[:1]:
            raise ValueError(f"points {tuple(points.shape)} and {tuple(is_positive.shape)} are not (N, 2) and (N,)")
        tokens, dense = self.prompt_encoder(points.float()[None, None], is_positive.long()[None, None], None, None)
        positions = self._encode_positions()
        decoded, _ = self.mask_decoder(_checked(embedding), positions, tokens, dense, multimask_output=False)
        return cast(Tensor, decoded[0, 0, 0])

    def _decode(self, embedding: Tensor, tokens: Tensor, dense: Tensor) -> Tensor:
        """Return logits (N, 3, 256, 256) for the tokens (1, N, L, C) of N prompts."""
        positions = self._encode_positions()
        logits = embedding.new_empty(tokens.shape[1], PROPOSALS, LOGITS_SIDE, LOGITS_SIDE)
        # One by one: on a CPU faster than all together (0.06 s each against 0.08 s), and in the memory of one.
        for index in range(len(logits)):
            prompt = tokens[:, index : index + 1]
            decoded, _ = self.mask_decoder(_checked(embedding), positions, prompt, dense, multimask_output=True)
            logits[index] = decoded[0, 0]
        return logits

    def _encode_positions(self) -> Tensor:
        """Return the position encoding of the embedding's cells, (1, C, 64, 64)."""
        centres = (torch.arange(_EMBEDDING_SIDE, device=self.pixel_mean.device) + 0.5) / _EMBEDDING_SIDE
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        encoded = cast(Tensor, self.prompt_encoder.shared_embedding(torch.stack([x, y], dim=-1)))
        return encoded.permute(2, 0, 1).unsqueeze(0)


def _checked(embedding: Tensor) -> Tensor:
    if embedding.shape != (1, EMBEDDING_DIM, _EMBEDDING_SIDE, _EMBEDDING_SIDE):
        raise ValueError(f"embedding {tuple(embedding.shape)} is not of one square")
    return embedding


def _build_decoder_config() -> SamMaskDecoderConfig:
    config = SamMaskDecoderConfig(layer_norm_eps=_DECODER_NORM_EPS)
    config._attn_implementation = "sdpa"  # what the library itself sets where it builds the whole of SAM
    return config
