import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from serving.model.config import MaskDecoderConfig
from serving.model.features import MaskPrediction, PixelFeatures
from serving.model.mask_decoder import CrossAttentionLayer, FeedForwardLayer, MaskDecoder, SelfAttentionLayer
from serving.model.released_names import is_unused
from tests.golden.mini import MiniCase, assert_matches, load_mini_case


def build_golden_decoder(case: MiniCase) -> MaskDecoder:
    sizes = case.config
    decoder = MaskDecoder(
        MaskDecoderConfig(
            dim=sizes["hidden"],
            mask_dim=sizes["mask_dim"],
            heads=sizes["heads"],
            layers=sizes["layers"],
            levels=sizes["levels"],
            feed_forward_dim=sizes["ffn"],
        )
    )
    state = {name: values for name, values in case.state().items() if not is_unused(f"predictor.{name}")}
    decoder.load_state_dict(state)
    return decoder


def decode_golden(case: MiniCase) -> MaskPrediction:
    prediction = build_golden_decoder(case)(case["query"], golden_features(case))
    assert isinstance(prediction, MaskPrediction)
    return prediction


def golden_features(case: MiniCase) -> PixelFeatures:
    return PixelFeatures((case["ms0"], case["ms1"], case["ms2"]), case["mask_features"])


def uniform_features(case: MiniCase) -> PixelFeatures:
    """Mask features so alike everywhere that some masks are background all over."""
    mean = case["mask_features"].mean(dim=(2, 3), keepdim=True)
    return PixelFeatures((case["ms0"], case["ms1"], case["ms2"]), 6 * mean + 0.02 * case["mask_features"])


def part_of(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): values for name, values in state.items() if name.startswith(prefix)}


def batch_first(sequence_first: Tensor) -> Tensor:
    return sequence_first.transpose(0, 1)


def test_one_layer_reproduces_the_reference_after_each_of_its_parts() -> None:
    case = load_mini_case("mask_decoder_layer")
    dim, heads, hidden = (case.config[name] for name in ("d_model", "heads", "ffn"))
    cross, alone, feed_forward = (
        CrossAttentionLayer(dim, heads),
        SelfAttentionLayer(dim, heads),
        FeedForwardLayer(dim, hidden),
    )
    cross.load_state_dict(part_of(case.state(), "cross."))
    alone.load_state_dict(part_of(case.state(), "self."))
    feed_forward.load_state_dict(part_of(case.state(), "ffn."))
    state, query_position = batch_first(case["tgt"]), batch_first(case["query_pos"])
    blocked = case["attn_mask"].unsqueeze(0)  # (1, heads, Q, L)

    after_cross = cross(state, batch_first(case["memory"]), batch_first(case["pos"]), blocked, query_position)
    after_self = alone(after_cross, query_position)
    after_feed_forward = feed_forward(after_self)

    assert_matches(after_cross, batch_first(case["after_cross"]))
    assert_matches(after_self, batch_first(case["after_self"]))
    assert_matches(after_feed_forward, batch_first(case["after_ffn"]))


def test_final_mask_logits_reproduce_the_reference() -> None:
    case = load_mini_case("mask_decoder")

    assert_matches(decode_golden(case).mask_logits, case["pred_masks"])


@pytest.mark.parametrize("stage", range(9))
def test_auxiliary_mask_logits_reproduce_the_reference(stage: int) -> None:
    case = load_mini_case("mask_decoder")

    assert_matches(decode_golden(case).auxiliary_mask_logits[stage], case[f"aux{stage}"])


def test_a_mask_that_blocks_every_pixel_blocks_none() -> None:
    case = load_mini_case("mask_decoder")
    decoder = build_golden_decoder(case)

    prediction = decoder(case["query"], uniform_features(case))

    sizes = [level.shape[-2:] for level in golden_features(case).multi_scale]
    is_all_background = [
        bool((functional.interpolate(logits, sizes[stage % 3], mode="bilinear") < 0).flatten(2).all(-1).any())
        for stage, logits in enumerate(prediction.auxiliary_mask_logits)
    ]
    assert is_all_background == case["full_rows_allblocked"].tolist()
    assert_matches(prediction.mask_logits, case["pred_masks_allblocked"])


def test_presence_is_not_predicted_without_its_head() -> None:
    assert decode_golden(load_mini_case("mask_decoder")).presence_logits is None


def test_questions_asked_together_are_answered_as_if_alone() -> None:
    case = load_mini_case("mask_decoder")
    decoder = build_golden_decoder(case)
    features = golden_features(case)
    queries = torch.cat([case["query"], case["query"].flip(0)], dim=1)  # (B, 2, D)

    together = decoder(queries, features).mask_logits
    alone = decoder(queries[:, 1:], features).mask_logits

    assert np.isfinite(together.detach().numpy()).all()
    assert_matches(together[:, 1:], alone, atol=1e-4)
