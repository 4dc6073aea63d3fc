import pytest
import torch

from serving.model.config import TokenCompressorConfig
from serving.model.token_compressor import TokenCompressor
from tests.golden.mini import assert_matches, load_mini_case


def build_golden_compressor() -> TokenCompressor:
    case = load_mini_case("compressor")
    sizes = case.config
    compressor = TokenCompressor(
        TokenCompressorConfig(
            in_channels=sizes["c_in"],
            in_side=sizes["H"],
            hidden_channels=sizes["c_out"],
            token_dim=sizes["c_out"],
        )
    )
    compressor.load_state_dict(case.state())
    return compressor


def test_visual_tokens_reproduce_the_reference() -> None:
    case = load_mini_case("compressor")

    assert_matches(build_golden_compressor()(case["x"]), case["y"])


def test_token_count_of_the_config_is_what_comes_out() -> None:
    case = load_mini_case("compressor")
    compressor = build_golden_compressor()

    assert compressor(case["x"]).shape[1] == compressor.config.token_count == case.config["tokens"]


def test_features_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="res5"):
        build_golden_compressor()(torch.zeros(1, 12, 15, 16))
