from typing import Literal

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


def test_finer_features_say_what_the_mean_of_their_cells_says() -> None:
    case = load_mini_case("compressor")
    finer = case["x"].repeat_interleave(2, 2).repeat_interleave(2, 3)

    assert_matches(build_golden_compressor()(finer), case["y"])


@pytest.mark.parametrize("shape", [(12, 15, 16), (12, 15, 15), (12, 20, 16), (11, 16, 16)])
def test_features_that_are_smaller_or_not_square_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="res5"):
        build_golden_compressor()(torch.zeros(1, *shape))


@pytest.mark.parametrize(
    ("kind", "halvings", "tokens"),
    [("strided_conv", 1, 49), ("strided_conv", 3, 4), ("pooling", 2, 16), ("pooling", 1, 49), ("none", 2, 169)],
)
def test_every_kind_gives_as_many_tokens_as_its_config_says(
    kind: Literal["strided_conv", "pooling", "none"], halvings: int, tokens: int
) -> None:
    config = TokenCompressorConfig(
        in_channels=3, in_side=13, hidden_channels=5, token_dim=4, kind=kind, halvings=halvings
    )

    assert config.token_count == tokens
    assert TokenCompressor(config)(torch.zeros(1, 3, 13, 13)).shape == (1, tokens, 4)


def test_pooling_averages_what_each_token_covers() -> None:
    config = TokenCompressorConfig(in_channels=1, in_side=3, token_dim=1, kind="pooling", halvings=1)
    compressor = TokenCompressor(config)
    torch.nn.init.ones_(compressor.fc.weight)
    torch.nn.init.zeros_(compressor.fc.bias)  # type: ignore[arg-type] # this convolution has a bias

    tokens = compressor(torch.arange(9.0).view(1, 1, 3, 3))

    # Cells 0 1 2 / 3 4 5 / 6 7 8: the last row and column are averaged over what there is.
    torch.testing.assert_close(tokens.flatten(), torch.tensor([2.0, 3.5, 6.5, 8.0]))
