import pytest
import torch

from tests.golden.mini import assert_matches, load_mini_case
from training.losses import (
    PointLossConfig,
    bce_loss,
    dice_loss,
    mask_losses,
    sample_points,
    total_mask_loss,
    uncertain_points,
)


def test_point_losses_reproduce_the_reference() -> None:
    case = load_mini_case("losses")

    assert_matches(dice_loss(case["logits"], case["targets"], mask_count=3)[None], case["dice_num_masks3"])
    assert_matches(bce_loss(case["logits"], case["targets"], mask_count=3)[None], case["bce_num_masks3"])


def test_point_sampling_reproduces_the_reference() -> None:
    case = load_mini_case("point_sample")

    assert_matches(sample_points(case["src"], case["points"]), case["y"])


def test_uncertain_points_reproduce_the_reference() -> None:
    case = load_mini_case("uncertain_points")
    sizes = case.config

    points = uncertain_points(
        case["src"],
        sizes["num_points"],
        oversample=sizes["oversample"],
        importance=sizes["importance"],
        generator=torch.Generator().manual_seed(sizes["torch_manual_seed"]),
    )

    assert_matches(points, case["coords"])


def test_criterion_reproduces_the_reference_over_all_ten_predictions() -> None:
    case = load_mini_case("criterion")
    config = PointLossConfig(points=case.config["num_points"])
    generator = torch.Generator().manual_seed(case.config["torch_manual_seed"])
    values = []
    for number in (9, *range(9)):  # the final prediction is the last one stored, and comes first
        prediction = case[f"pred{number}"]
        for _image in range(len(prediction)):  # the reference's matcher draws first; it has nothing to match
            torch.rand(1, config.points, 2, generator=generator)
        losses = mask_losses(prediction, case["gt"], config, generator=generator)
        values += [losses.bce, losses.dice]

    assert_matches(torch.stack(values), case["loss_values"])


def test_total_is_the_weighted_sum_over_the_predictions() -> None:
    config = PointLossConfig(points=40, bce_weight=2.0, dice_weight=3.0)
    predictions = [torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    targets = torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    targets[:, :, :8] = True

    total = total_mask_loss(predictions, targets, config, generator=torch.Generator().manual_seed(5))

    generator = torch.Generator().manual_seed(5)
    parts = [mask_losses(logits, targets, config, generator=generator) for logits in predictions]
    assert total.item() == pytest.approx(sum(2 * part.bce.item() + 3 * part.dice.item() for part in parts))


def test_the_nearer_prediction_costs_less() -> None:
    targets = torch.zeros(1, 1, 64, 64)
    targets[:, :, 16:48, 16:48] = 1
    near = (targets - 0.5) * 8
    config = PointLossConfig(points=500)

    def total(logits: torch.Tensor) -> float:
        return total_mask_loss([logits], targets, config, generator=torch.Generator().manual_seed(0)).item()

    assert total(near) < total(near / 4) < total(-near / 4) < total(-near)


def test_the_loss_pulls_the_logits_towards_the_target() -> None:
    logits = torch.zeros(1, 1, 32, 32, requires_grad=True)
    targets = torch.zeros(1, 1, 32, 32)
    targets[:, :, :16] = 1

    (gradient,) = torch.autograd.grad(total_mask_loss([logits], targets, PointLossConfig(points=4000)), logits)

    assert (gradient[:, :, 2:14, 2:30] < 0).all()
    assert (gradient[:, :, 18:30, 2:30] > 0).all()


def test_several_masks_per_image_are_refused() -> None:
    with pytest.raises(ValueError, match="one mask per image"):
        mask_losses(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4), PointLossConfig())
