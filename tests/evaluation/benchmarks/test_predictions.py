import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.benchmarks.earthreason import read_earthreason
from evaluation.benchmarks.predictions import Predictions, answer_from_predictions
from evaluation.benchmarks.refsegrs import read_refsegrs
from evaluation.benchmarks.run import list_keys
from evaluation.benchmarks.samples import Split
from evaluation.errors import PredictionMissingError, PredictionSizeError, PredictionsUnreadableError
from evaluation.scoring_grid import ScoringGrid, place_mask
from tests.evaluation.benchmarks.tiny_benchmarks import (
    HEIGHT,
    WIDTH,
    draw_box,
    encode,
    save_mask,
    write_earthreason,
    write_refsegrs,
)

FIRST, SECOND = draw_box((0, 0, 10, 10)), draw_box((5, 5, 30, 30))


def load(path: Path, name: str) -> NDArray[np.bool_]:
    return Predictions.open(path).load(name)


def test_masks_of_a_folder_go_by_their_names(tmp_path: Path) -> None:
    save_mask(FIRST, tmp_path / "a.png")
    save_mask(SECOND, tmp_path / "town/b#1.png")
    predictions = Predictions.open(tmp_path)
    np.testing.assert_array_equal(predictions.load("a"), FIRST)
    np.testing.assert_array_equal(predictions.load("town/b#1"), SECOND)
    assert predictions.find(["x", "a"]) == "a"
    assert predictions.find(["../a"]) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.json", json.dumps({"1": encode(FIRST), "2_q2": encode(SECOND)})),
        (
            "p.json",
            json.dumps(
                [
                    {"image_id": 1, "category_id": 1, "score": 0.5, "segmentation": encode(FIRST)},
                    {"id": "2", "question_number": 2, "segmentation": encode(SECOND)},
                ]
            ),
        ),
        (
            "p.json",
            json.dumps(
                {
                    "annotations": [
                        {"id": 77, "image_id": "1", "segmentation": encode(FIRST)},
                        {"id": 78, "image_id": "2", "question_number": 2, "segmentation": encode(SECOND)},
                    ]
                }
            ),
        ),
        (
            "p.jsonl",
            json.dumps({"id": "1", "question_number": 1, "segmentation": encode(FIRST)})
            + "\n"
            + json.dumps({"id": "2", "question_number": 2, "segmentation": encode(SECOND)})
            + "\n",
        ),
    ],
)
def test_run_lengths_are_read_in_the_forms_they_come_in(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    for path in (tmp_path / name, tmp_path):
        np.testing.assert_array_equal(load(path, "1"), FIRST)
        np.testing.assert_array_equal(load(path, "2_q2"), SECOND)


def test_several_instances_of_one_image_are_united(tmp_path: Path) -> None:
    rows = [{"image_id": 1, "segmentation": encode(mask)} for mask in (FIRST, SECOND)]
    (tmp_path / "p.json").write_text(json.dumps(rows))
    np.testing.assert_array_equal(load(tmp_path, "1"), FIRST | SECOND)


@pytest.mark.parametrize("content", ["{", "3", json.dumps([{"image_id": 1}]), json.dumps([[1]])])
def test_json_in_another_form_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(PredictionsUnreadableError, match=r"p\.json"):
        Predictions.open(tmp_path)


def test_a_folder_without_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictionsUnreadableError, match="neither PNG masks nor exactly one JSON file"):
        Predictions.open(tmp_path)
    with pytest.raises(PredictionsUnreadableError, match="no such folder"):
        Predictions.open(tmp_path / "gone")


def test_a_damaged_mask_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(PredictionsUnreadableError, match="the mask a"):
        load(tmp_path, "a")
    (tmp_path / "p.json").write_text(json.dumps({"a": {"size": [2, 2], "counts": [5]}}))
    with pytest.raises(PredictionsUnreadableError, match="the mask a"):
        load(tmp_path / "p.json", "a")


def test_missing_masks_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    benchmark = read_earthreason(write_earthreason(tmp_path), Split.VAL)
    keys = list_keys(benchmark, all_questions=True)
    save_mask(FIRST, tmp_path / "masks/10.png")
    with pytest.raises(PredictionMissingError) as caught:
        answer_from_predictions(Predictions.open(tmp_path / "masks"), benchmark, keys, ScoringGrid.SQUARE)
    assert "4 of 5 questions have no mask" in str(caught.value)
    assert "10_q2" in str(caught.value)


@pytest.mark.parametrize("grid", list(ScoringGrid))
def test_a_mask_of_another_size_is_named_with_both_sizes(tmp_path: Path, grid: ScoringGrid) -> None:
    benchmark = read_earthreason(write_earthreason(tmp_path), Split.VAL).limit_to(1)
    keys = list_keys(benchmark, all_questions=False)
    save_mask(draw_box(None, height=9, width=8), tmp_path / "masks" / f"{keys[0].sample_id}.png")
    ask = answer_from_predictions(Predictions.open(tmp_path / "masks"), benchmark, keys, grid)
    with pytest.raises(PredictionSizeError, match=f"is 8 x 9 pixels; {WIDTH} x {HEIGHT}"):
        list(ask(benchmark.samples[0], [1]))


def test_the_padded_square_itself_is_taken_on_the_square_grid_only(tmp_path: Path) -> None:
    benchmark = read_earthreason(write_earthreason(tmp_path), Split.VAL).limit_to(1)
    keys = list_keys(benchmark, all_questions=False)
    square = place_mask(FIRST, ScoringGrid.SQUARE)
    save_mask(square, tmp_path / "masks" / f"{keys[0].sample_id}.png")
    predictions = Predictions.open(tmp_path / "masks")
    ask = answer_from_predictions(predictions, benchmark, keys, ScoringGrid.SQUARE)
    np.testing.assert_array_equal(next(iter(ask(benchmark.samples[0], [1]))), square)
    with pytest.raises(PredictionSizeError):
        list(answer_from_predictions(predictions, benchmark, keys, ScoringGrid.NATIVE)(benchmark.samples[0], [1]))


def test_an_images_name_does_not_stand_for_two_samples(tmp_path: Path) -> None:
    benchmark = read_refsegrs(write_refsegrs(tmp_path), Split.TEST)
    keys = list_keys(benchmark, all_questions=False)
    for name in ("4", "15"):
        save_mask(FIRST, tmp_path / f"masks/{name}.png")
    with pytest.raises(PredictionMissingError, match=r"1 of 3 questions .* 4-2"):
        answer_from_predictions(Predictions.open(tmp_path / "masks"), benchmark, keys, ScoringGrid.SQUARE)
