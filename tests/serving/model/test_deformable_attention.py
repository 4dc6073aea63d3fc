import torch

from serving.model.deformable_attention import DeformableAttention, token_centres
from tests.golden.mini import assert_matches, load_mini_case


def golden_shapes() -> list[tuple[int, int]]:
    return [(height, width) for height, width in load_mini_case("msdeform_attn").config["spatial_shapes"]]


def test_deformable_attention_reproduces_the_reference() -> None:
    case = load_mini_case("msdeform_attn")
    sizes = case.config
    attention = DeformableAttention(
        sizes["d_model"], levels=sizes["levels"], heads=sizes["heads"], points=sizes["points"]
    )
    attention.load_state_dict(case.state())

    output = attention(case["query"], case["reference_points"], case["value"], golden_shapes())

    assert_matches(output, case["y"])


def test_token_centres_are_the_reference_points_of_the_encoder() -> None:
    case = load_mini_case("pixel_encoder_layer")

    assert_matches(token_centres(golden_shapes()), case["reference_points"])


def test_first_directions_spread_evenly_and_reach_one_step_further_per_point() -> None:
    attention = DeformableAttention(8, levels=1, heads=4, points=2)

    offsets = attention.sampling_offsets.bias.detach().view(4, 1, 2, 2)

    directions = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    assert_matches(offsets[:, 0, 0], directions)
    assert_matches(offsets[:, 0, 1], 2 * directions)
