import pytest
import torch

from serving.model.config import SwinConfig
from serving.model.swin import (
    PatchMerging,
    StochasticDepth,
    SwinBlock,
    SwinEncoder,
    build_relative_position_index,
    build_shift_penalty,
)
from tests.golden.mini import assert_matches, load_mini_case


def build_block(case_name: str) -> SwinBlock:
    config = load_mini_case(case_name).config
    return SwinBlock(
        channels=config["dim"],
        heads=config["heads"],
        window=config["window"],
        shift=config["shift"],
        mlp_ratio=config["mlp_ratio"],
    )


def test_shifted_block_with_padding_reproduces_the_reference() -> None:
    case = load_mini_case("swin_block")
    block = build_block("swin_block")
    block.load_state_dict(case.state())

    output = block(case["x"], case.config["H"], case.config["W"], case["attn_mask"])

    assert_matches(output, case["y"])


def test_unshifted_block_reproduces_the_reference() -> None:
    case = load_mini_case("swin_block_noshift")
    block = build_block("swin_block_noshift")
    block.load_state_dict(case.state())

    output = block(case["x"], case.config["H"], case.config["W"], None)

    assert_matches(output, case["y"])


def test_shift_penalty_is_the_mask_of_the_reference() -> None:
    case = load_mini_case("swin_block")
    config = case.config

    penalty = build_shift_penalty(config["H"], config["W"], window=config["window"], shift=config["shift"])

    assert torch.equal(penalty, case["attn_mask"])


def test_relative_position_index_is_the_table_of_the_reference() -> None:
    case = load_mini_case("swin_block")

    index = build_relative_position_index(case.config["window"])

    assert torch.equal(index, case["relative_position_index"])


def test_patch_merging_on_an_odd_grid_reproduces_the_reference() -> None:
    case = load_mini_case("patch_merging")
    merging = PatchMerging(case.config["dim"])
    merging.load_state_dict(case.state())

    output = merging(case["x"], case.config["H"], case.config["W"])

    assert_matches(output, case["y"])


@pytest.mark.parametrize("level", ["res2", "res3", "res4", "res5"])
def test_whole_encoder_reproduces_the_reference(level: str) -> None:
    case = load_mini_case("swin")
    config = case.config
    encoder = SwinEncoder(
        SwinConfig(
            embed_dim=config["embed_dim"],
            depths=tuple(config["depths"]),
            num_heads=tuple(config["heads"]),
            window_size=config["window"],
            patch_size=config["patch"],
        )
    )
    encoder.load_state_dict(case.state())

    features = encoder.eval()(case["x"])

    assert_matches(getattr(features, level), case[level])


def test_images_of_a_batch_do_not_see_each_other() -> None:
    config = SwinConfig(embed_dim=16, depths=(2, 2, 2, 2), num_heads=(1, 2, 4, 8), window_size=4)
    encoder = SwinEncoder(config).eval()
    images = torch.randn(2, 3, 72, 88, generator=torch.Generator().manual_seed(0))

    together = encoder(images)
    alone = encoder(images[1:])

    assert_matches(together.res5[1:], alone.res5)


def test_stochastic_depth_keeps_the_expected_value_in_training() -> None:
    torch.manual_seed(0)
    depth = StochasticDepth(0.3).train()

    output = depth(torch.ones(4000, 1, 1))

    assert output.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert output.mean().item() == pytest.approx(1.0, abs=0.05)


def test_stochastic_depth_changes_nothing_at_inference() -> None:
    branch = torch.randn(4, 3, 2)

    assert torch.equal(StochasticDepth(0.9).eval()(branch), branch)
