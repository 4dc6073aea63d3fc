"""The mean over phases: what it holds, and what it says when a part is missing."""

from pathlib import Path

import pytest
import torch

from training.averaging import average_phases, keep_weights, moving_average
from training.errors import StartUnusableError


def _weights(value: float, count: int) -> dict[str, torch.Tensor]:
    return {
        "weight": torch.full((2, 2), value),
        "batches": torch.tensor(count),
        "place_prior.bands.bias": torch.full((4,), value),
    }


def test_each_phase_counts_by_its_share(tmp_path: Path) -> None:
    keep_weights(tmp_path, "long", _weights(1.0, 10))
    keep_weights(tmp_path, "longer", _weights(3.0, 25))
    mean = average_phases(tmp_path, (("long", 0.25), ("longer", 0.75)))
    torch.testing.assert_close(mean["weight"], torch.full((2, 2), 2.5))
    assert int(mean["batches"]) == 25, "a count is no mean"
    assert mean["place_prior.bands.bias"].tolist() == [3.0] * 4, "taught at once, and unknown before"


def test_a_phase_that_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    keep_weights(tmp_path, "longer", _weights(3.0, 25))
    with pytest.raises(StartUnusableError, match=r"no after_long\.pt.*without --start-from"):
        average_phases(tmp_path, (("long", 0.5), ("longer", 0.5)))


def test_a_moving_average_keeps_a_share_of_itself_and_of_the_normalisation() -> None:
    model = torch.nn.BatchNorm1d(1)
    average = moving_average(model, 0.75)
    average.update_parameters(model)  # the first step is taken whole
    with torch.no_grad():
        model.weight.fill_(5.0)
        model.get_buffer("running_mean").fill_(4.0)
    average.update_parameters(model)
    state = average.module.state_dict()
    assert float(state["weight"]) == pytest.approx(0.75 * 1 + 0.25 * 5)
    assert float(state["running_mean"]) == pytest.approx(1.0)


def test_shares_that_make_no_mean_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        average_phases(tmp_path, (("long", 0.5), ("longer", 0.6)))
