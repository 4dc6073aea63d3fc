"""The command measures what is stated, and keeps temperatures only where it is asked to."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logit
from typer.testing import CliRunner, Result

from evaluation.calibration.observations import fit_temperatures, observe, report_calibration
from evaluation.commands import build_evaluate_app
from evaluation.packs.pack import Pack
from serving.calibration import Temperatures
from serving.cancellation import Cancellation
from serving.image_ref import ImageRef
from serving.prediction import Prediction
from tests.evaluation.tiny_packs import write_pack
from tests.fakes.engine import CERTAIN_LOGIT, SCORE_ABSENT, SCORE_FOUND, FakeEngine


class TemperedEngine(FakeEngine):
    """States its logits and its presence under temperatures, as a calibrated engine does."""

    def __init__(self, temperatures: Temperatures) -> None:
        super().__init__()
        self._temperatures = temperatures

    @property
    def temperatures(self) -> Temperatures:
        return self._temperatures

    def segment_text(
        self, image: ImageRef, text: str, *, cancellation: Cancellation, report_stage: Callable[[str], None]
    ) -> Prediction:
        untempered = super().segment_text(image, text, cancellation=cancellation, report_stage=report_stage)
        assert untempered.presence is not None
        odds = float(logit(untempered.presence)) / self._temperatures.presence
        return replace(
            untempered,
            mask_logits=untempered.mask_logits / np.float32(self._temperatures.mask),
            presence=float(1 / (1 + np.exp(-odds))),
        )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "pack")


def _report(root: Path, engine: FakeEngine, *, fit: bool = False) -> dict[str, Any]:
    pack = Pack(root)
    observations = observe(engine, pack, pack.select_questions("val"), split="val")
    return report_calibration(observations, fit_temperatures(observations) if fit else None)


def test_pixels_of_answers_are_compared_with_their_targets(root: Path) -> None:
    report = _report(root, FakeEngine())
    # Of 7 questions 5 are marked; of the two about the left half, 60 of 96 marked pixels (of 768) are wrong.
    certain = 1 / (1 + np.exp(-CERTAIN_LOGIT))
    marked = (4 * 96 + 36) / 768
    right = (2 * 96 + 2 * 36 + 36) / 768
    expected = (abs(marked * certain - right) + abs((5 - marked) * (1 - certain))) / 5
    assert report["pixels"]["uncalibrated"]["ece"] == pytest.approx(expected, abs=1e-6)
    assert report["answered"] == 5


def test_presence_is_compared_with_what_is_there(root: Path) -> None:
    # What is there is stated with 0.93, what is not with 0.12, and both are always right.
    report = _report(root, FakeEngine())
    expected = (5 * (1 - SCORE_FOUND) + 2 * (1 - SCORE_ABSENT)) / 7
    assert report["presence"]["uncalibrated"]["ece"] == pytest.approx(expected, abs=1e-6)


def test_the_score_is_compared_with_the_share_of_marked_pixels_that_are_right(root: Path) -> None:
    report = _report(root, FakeEngine())
    # Both scores, 0.93 of what is marked and 0.88 of nothing being there, fall into the bin from 13/15 on.
    stated, right = 5 * SCORE_FOUND + 2 * SCORE_ABSENT, (3 + 2 * 36 / 96) + 2
    assert report["score"]["ece"] == pytest.approx(abs(stated - right) / 7, abs=1e-6)


def test_what_the_engine_divides_by_is_undone_before_the_fit(root: Path) -> None:
    plain, tempered = FakeEngine(), TemperedEngine(Temperatures(2.0, 1.5))
    found, again = _report(root, plain, fit=True), _report(root, tempered, fit=True)
    for name in ("pixels", "presence"):
        assert again[name]["uncalibrated"]["ece"] == pytest.approx(found[name]["uncalibrated"]["ece"], abs=1e-5)
        assert again[name]["fitted"]["temperature"] == pytest.approx(found[name]["fitted"]["temperature"], rel=1e-3)
        assert again[name]["stored"]["temperature"] != again[name]["uncalibrated"]["temperature"]


def run(root: Path, stored: list[Temperatures], *arguments: str) -> Result:
    def store(temperatures: Temperatures) -> str:
        stored.append(temperatures)
        return "new digest"

    app = build_evaluate_app(FakeEngine, open_store=lambda: store)
    return CliRunner().invoke(app, ["calibration", str(root), *arguments])


def test_measuring_stores_nothing(root: Path) -> None:
    stored: list[Temperatures] = []
    result = run(root, stored, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert stored == []
    assert report["stored_digest"] is None
    assert report["pixels"]["fitted"] is None


def test_a_fit_is_stored_and_reported(root: Path) -> None:
    stored: list[Temperatures] = []
    report = json.loads(run(root, stored, "--fit", "--json").stdout)
    assert report["stored_digest"] == "new digest"
    assert report["pixels"]["fitted"]["temperature"] == stored[0].mask
    assert report["presence"]["fitted"]["temperature"] == stored[0].presence


def test_nothing_is_fitted_on_the_split_that_judges(root: Path) -> None:
    stored: list[Temperatures] = []
    result = run(root, stored, "--fit", "--split", "test")
    assert result.exit_code == 2
    assert stored == []


def test_a_model_without_a_config_of_ours_is_refused_before_it_is_asked(root: Path) -> None:
    def refuse() -> FakeEngine:
        raise AssertionError("the model was built")

    result = CliRunner().invoke(build_evaluate_app(refuse), ["calibration", str(root), "--fit"])
    assert result.exit_code == 2
    assert "Leave out --fit" in result.stderr


def test_a_diagram_and_a_table_are_made(root: Path, tmp_path: Path) -> None:
    result = run(root, [], "--fit", "--diagram", str(tmp_path / "reliability.png"))
    assert result.exit_code == 0, result.output
    assert "fitted" in result.stdout
    assert (tmp_path / "reliability.png").read_bytes().startswith(b"\x89PNG")


def test_a_split_without_questions_is_refused(root: Path) -> None:
    result = run(root, [], "--split", "test")
    assert result.exit_code == 2
    assert "no question in the split test" in result.stderr
