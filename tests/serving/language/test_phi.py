import pytest
import torch
from torch import Tensor

from serving.language.phi import PhiBackbone, split_fused_state, to_phi_config
from serving.model.config import MINI, RELEASED, LanguageConfig
from tests.golden.mini import assert_matches, load_mini_case


def build_golden_backbone() -> PhiBackbone:
    case = load_mini_case("phi")
    sizes = case.config
    config = LanguageConfig(
        hidden_size=sizes["hidden"],
        layers=sizes["layers"],
        heads=sizes["heads"],
        key_value_heads=sizes["heads"],
        intermediate_size=sizes["inter"],
        vocabulary_size=sizes["vocab"],
        rotary_dim=sizes["rotary_dim"],
    )
    backbone = PhiBackbone(config).eval()
    backbone.phi.load_state_dict(split_fused_state(case.state(), config.heads))
    return backbone


def test_hidden_states_of_a_padded_batch_reproduce_the_reference() -> None:
    case = load_mini_case("phi")

    hidden = build_golden_backbone()(case["x"], case["attention_mask"])

    is_kept = case["attention_mask"].bool()
    assert_matches(hidden[is_kept], case["y"][is_kept])


def test_residual_stream_after_the_first_layer_reproduces_the_reference() -> None:
    case = load_mini_case("phi")
    backbone = build_golden_backbone()
    recorded: list[Tensor] = []
    backbone.phi.layers[0].register_forward_hook(lambda _layer, _inputs, output: recorded.append(output))

    backbone(case["x"], case["attention_mask"])

    is_kept = case["attention_mask"].bool()
    assert_matches(recorded[0][is_kept], case["hidden_after_layer0"][is_kept])


def test_rotary_tables_are_those_of_the_reference() -> None:
    case = load_mini_case("phi")
    positions = torch.arange(len(case["rope_cos"])).unsqueeze(0)

    cosine, sine = build_golden_backbone().phi.rotary_emb(case["x"], positions)

    assert_matches(cosine[0], case["rope_cos"])
    assert_matches(sine[0], case["rope_sin"])


def test_what_follows_a_position_cannot_change_it() -> None:
    case = load_mini_case("phi")
    backbone = build_golden_backbone()

    whole = backbone(case["x"])
    cut = backbone(case["x"][:, :6])

    assert_matches(cut, whole[:, :6])


def test_released_sizes_reach_transformers_unchanged() -> None:
    config = to_phi_config(RELEASED.language)

    assert (config.hidden_size, config.num_hidden_layers, config.num_attention_heads) == (2048, 24, 32)
    assert (config.intermediate_size, config.vocab_size, config.hidden_act) == (8192, 50297, "gelu_new")
    assert config.to_dict()["rope_parameters"]["partial_rotary_factor"] == 0.5


def test_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="llama"):
        to_phi_config(MINI.language)
