"""What a checkpoint costs follows from its config alone."""

from pathlib import Path

import pytest

from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.model import costs
from serving.model.config import RELEASED
from serving.model.costs import describe_checkpoint, list_costs
from serving.model.hub import HubFiles
from serving.model_choice import ModelChoice
from tests.fakes.tiny_released import write_tiny_checkpoint

# Of 1,588,495,416: without lm_head, seg_query and the parts of the mask decoder that nobody reads.
USED_PARAMETERS = 1_484_899_000


def no_language_weights() -> str:
    raise AssertionError("only the small model has language weights of its own")


def test_memory_follows_from_the_number_of_parameters() -> None:
    by_choice = {(cost.precision, cost.quantisation): cost for cost in list_costs(RELEASED)}

    assert len(by_choice) == 9
    assert by_choice["fp32", None].weights_bytes == pytest.approx(4 * USED_PARAMETERS, rel=1e-3)
    assert by_choice["bf16", None].weights_bytes == pytest.approx(2 * USED_PARAMETERS, rel=1e-3)
    # 1.208 billion weights of the language model's layers at 4.125 and 8 bits, the others at 16.
    assert by_choice["bf16", "nf4"].weights_bytes == pytest.approx(1.18e9, rel=0.02)
    assert by_choice["bf16", "int8"].weights_bytes == pytest.approx(1.76e9, rel=0.02)
    assert by_choice["bf16", None].loading_bytes < 4.2e9
    assert by_choice["bf16", "nf4"].loading_bytes < 2.2e9


def test_a_checkpoint_on_this_machine_is_described_after_a_look_at_every_name(tmp_path: Path) -> None:
    folder = write_tiny_checkpoint(tmp_path)

    found = describe_checkpoint(ModelChoice(folder, "bf16"), language_weights=no_language_weights)

    assert "every name and shape fits" in found.findings["weights"]
    assert found.download_folder is None
    assert found.chosen is not None
    assert (found.chosen.precision, found.chosen.quantisation) == ("bf16", None)


def test_a_checkpoint_that_does_not_fit_is_refused_without_reading_it(tmp_path: Path) -> None:
    folder = write_tiny_checkpoint(tmp_path)
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace('"layers": 2', '"layers": 3'))

    with pytest.raises(CheckpointMismatchError, match=r"lack model\.layers\.2"):
        describe_checkpoint(ModelChoice(folder), language_weights=no_language_weights)


def test_a_checkpoint_on_the_hub_is_described_before_it_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "describe_files", lambda _: HubFiles(("model.safetensors",), 3_180_000_000, None))
    monkeypatch.setattr(costs, "find_cached", lambda _: None)

    found = describe_checkpoint(ModelChoice("owner/SegEarth-R1"), language_weights=no_language_weights)

    assert found.problem is None
    assert "3.2 GB" in found.findings["weights"]
    assert found.download_bytes == 3_180_000_000
    assert len(found.costs) == 9


def test_a_hub_that_does_not_answer_leaves_the_costs_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> HubFiles:
        raise CheckpointMissingError(what="the hub cannot be reached", remedy="Check the network.")

    monkeypatch.setattr(costs, "describe_files", fail)
    monkeypatch.setattr(costs, "find_cached", lambda _: None)

    found = describe_checkpoint(ModelChoice("owner/SegEarth-R1", "bf16", "nf4"), language_weights=no_language_weights)

    assert found.problem is not None
    assert "Check the network." in found.problem
    assert "about 3.2 GB" in found.findings["weights"]
    assert found.chosen is not None
    assert found.chosen.quantisation == "nf4"
