import torch

from serving.model.config import DescriptionProjectorConfig
from serving.model.description_projector import DescriptionProjector, PerceiverLayer, describe, mean_over_span
from tests.golden.mini import assert_matches, load_mini_case

# The reference numbers the parts of its one layer.
NAMES = {"layers.0.0.": "attention.", "layers.0.1.": "feed_forward.", "norm.": "norm."}


def build_golden_layer() -> PerceiverLayer:
    case = load_mini_case("d_projector")
    sizes = case.config
    layer = PerceiverLayer(sizes["dim"], sizes["heads"], sizes["dim_head"], sizes["ff_mult"])
    state = {
        ours + name.removeprefix(theirs): values
        for name, values in case.state().items()
        for theirs, ours in NAMES.items()
        if name.startswith(theirs)
    }
    layer.load_state_dict(state)
    return layer


def test_perceiver_layer_reproduces_the_first_row_of_the_reference() -> None:
    case = load_mini_case("d_projector")

    output = build_golden_layer()(case["latents"][:, 0, :1], case["x"][:, 0])

    assert_matches(output, case["y"])


def test_descriptions_of_one_image_do_not_see_each_other() -> None:
    case = load_mini_case("d_projector")
    layer = build_golden_layer()
    latents, media = case["latents"][:, 0], case["x"][:, 0]

    together = layer(latents, media)
    alone = layer(latents[:, 3:4], media)

    assert_matches(together[:, 3:4], alone)


def test_query_depends_on_the_question_and_on_the_image() -> None:
    config = DescriptionProjectorConfig(text_dim=6, visual_dim=5, dim=8, heads=2, head_dim=4, query_dim=3)
    torch.manual_seed(0)
    projector = DescriptionProjector(config)
    description, res5 = torch.randn(1, 1, 6), torch.randn(1, 5, 2, 2)

    query = projector(description, res5)

    assert query.shape == (1, 1, 3)
    assert not torch.allclose(query, projector(description + 1, res5))
    assert not torch.allclose(query, projector(description, res5 * 10), atol=1e-9)


def test_mean_over_span_ignores_everything_outside_the_question() -> None:
    hidden = torch.tensor([[[1.0], [2.0], [4.0], [100.0]]])
    is_question = torch.tensor([[False, True, True, False]])

    assert mean_over_span(hidden, is_question).tolist() == [[3.0]]


def test_the_seg_token_is_the_last_of_the_question() -> None:
    hidden = torch.tensor([[[1.0], [2.0], [4.0], [100.0]], [[1.0], [2.0], [4.0], [100.0]]])
    is_question = torch.tensor([[False, True, True, False], [True, True, False, False]])

    seg = describe(hidden, is_question, DescriptionProjectorConfig(query_source="seg_token"))
    mean = describe(hidden, is_question, DescriptionProjectorConfig())

    assert seg.tolist() == [[4.0], [2.0]]
    assert mean.tolist() == [[3.0], [1.5]]


def test_without_fusing_the_image_changes_nothing() -> None:
    config = DescriptionProjectorConfig(text_dim=6, visual_dim=5, dim=8, query_dim=3, fuses_image=False)
    projector = DescriptionProjector(config)
    description, res5 = torch.randn(1, 2, 6), torch.randn(1, 5, 2, 2)

    query = projector(description, res5)

    torch.testing.assert_close(query, projector(description, -res5))
    assert not torch.allclose(query, projector(-description, res5), atol=1e-9)
    assert not any("perceiver" in name for name in projector.state_dict())
