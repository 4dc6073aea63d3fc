import pytest

from serving.model.config import PixelDecoderConfig
from serving.model.features import HierarchicalFeatures, PixelFeatures
from serving.model.pixel_decoder import PixelDecoder, PixelEncoderLayer
from tests.golden.mini import MiniCase, assert_matches, load_mini_case


def decode_golden(case: MiniCase) -> PixelFeatures:
    sizes = case.config
    decoder = PixelDecoder(
        PixelDecoderConfig(
            in_channels=tuple(sizes["channels"]),
            dim=sizes["conv_dim"],
            mask_dim=sizes["mask_dim"],
            heads=sizes["heads"],
            points=sizes["points"],
            layers=sizes["enc_layers"],
            feed_forward_dim=sizes["ffn"],
            norm_groups=sizes["groupnorm_groups"],
        )
    )
    decoder.load_state_dict(
        {name.removeprefix("transformer.").removeprefix("encoder."): values for name, values in case.state().items()}
    )
    features = decoder(HierarchicalFeatures(case["res2"], case["res3"], case["res4"], case["res5"]))
    assert isinstance(features, PixelFeatures)
    return features


def test_encoder_layer_reproduces_the_reference() -> None:
    case = load_mini_case("pixel_encoder_layer")
    sizes = case.config
    layer = PixelEncoderLayer(
        PixelDecoderConfig(
            dim=sizes["d_model"],
            heads=sizes["heads"],
            levels=sizes["levels"],
            points=sizes["points"],
            feed_forward_dim=sizes["ffn"],
        )
    )
    layer.load_state_dict(case.state())
    shapes = [(height, width) for height, width in sizes["spatial_shapes"]]

    output = layer(case["src"], case["pos"], case["reference_points"], shapes)

    assert_matches(output, case["y"])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_feature_levels_reproduce_the_reference(level: int) -> None:
    case = load_mini_case("pixel_decoder")

    assert_matches(decode_golden(case).multi_scale[level], case[f"multi_scale{level}"])


def test_mask_features_reproduce_the_reference() -> None:
    case = load_mini_case("pixel_decoder")

    assert_matches(decode_golden(case).mask_features, case["mask_features"])
