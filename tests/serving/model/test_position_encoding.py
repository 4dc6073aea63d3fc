from serving.model.position_encoding import encode_positions
from tests.golden.mini import assert_matches, load_mini_case


def test_sine_encoding_reproduces_the_reference() -> None:
    case = load_mini_case("pos_sine")
    sizes = case.config

    encoding = encode_positions(sizes["H"], sizes["W"], 2 * sizes["num_pos_feats"])

    assert_matches(encoding, case["y"])
