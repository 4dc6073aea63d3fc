from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.errors import PackEmptyError
from evaluation.packs.constant_mask import GRID_SIDE, fit_constant_mask, shrink_target
from evaluation.packs.pack import Pack
from evaluation.packs.report import report_scores, score_questions
from tests.evaluation.tiny_packs import HEIGHT, WIDTH, question_row, write_lines, write_mask, write_pack


def write_targets(root: Path, targets: list[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]) -> Pack:
    """Write a pack whose train questions have just these targets, each (24, 32)."""
    write_pack(root)
    rows = []
    for number, target in enumerate(targets):
        write_mask(root / f"masks/{number}.png", target)
        rows.append(question_row(number, "town/a", "train", "?", mask=f"masks/{number}.png", empty=False))
    write_lines(root / "questions.jsonl", rows)
    return Pack(root)


def test_where_most_targets_are_empty_the_empty_mask_is_best(tmp_path: Path) -> None:
    empty, full = np.zeros((HEIGHT, WIDTH), dtype=np.bool_), np.ones((HEIGHT, WIDTH), dtype=np.bool_)
    pack = write_targets(tmp_path, [empty, empty, full])
    mask = fit_constant_mask(pack, pack.select_questions("train"))
    assert not mask.cells.any()
    assert mask.train_giou == pytest.approx(2 / 3)


def test_where_most_targets_are_full_the_full_mask_is_best(tmp_path: Path) -> None:
    empty, full = np.zeros((HEIGHT, WIDTH), dtype=np.bool_), np.ones((HEIGHT, WIDTH), dtype=np.bool_)
    pack = write_targets(tmp_path, [empty, full, full])
    mask = fit_constant_mask(pack, pack.select_questions("train"))
    assert mask.cells.all()
    assert mask.train_giou == pytest.approx(2 / 3, abs=1e-4)


def test_a_place_that_targets_share_is_marked(tmp_path: Path) -> None:
    left = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    left[:, : WIDTH // 2] = True
    with_stray = left.copy()
    with_stray[:, -2:] = True
    pack = write_targets(tmp_path, [left, left, with_stray])
    mask = fit_constant_mask(pack, pack.select_questions("train"))
    expected = np.zeros((GRID_SIDE, GRID_SIDE), dtype=np.bool_)
    expected[:, : GRID_SIDE // 2] = True
    np.testing.assert_array_equal(mask.cells, expected)


def test_the_figure_on_train_is_what_the_pack_report_measures_there(tmp_path: Path) -> None:
    # Targets whose edges lie on cell borders: the grid then measures exactly.
    side = GRID_SIDE * 2
    rng = np.random.default_rng(3)
    write_pack(tmp_path)
    rows = []
    for number in range(6):
        cells = rng.random((GRID_SIDE, GRID_SIDE)) < 0.2 * number
        write_mask(tmp_path / f"masks/{number}.png", np.kron(cells, np.ones((2, 2), dtype=np.bool_)))
        rows.append(question_row(number, "town/big", "train", "?", mask=f"masks/{number}.png", empty=False))
    Image.new("RGB", (side, side)).save(tmp_path / "images/town/big.png")
    write_lines(tmp_path / "questions.jsonl", rows)
    write_lines(tmp_path / "manifest.jsonl", [{"image_id": "town/big", "height": side, "width": side}])
    pack = Pack(tmp_path)
    questions = pack.select_questions("train")
    mask = fit_constant_mask(pack, questions)
    report = report_scores(score_questions(pack, questions, mask.segment), split="train")
    assert report["gIoU"] == pytest.approx(mask.train_giou, abs=1e-5)


def test_the_mask_is_stretched_to_the_size_of_each_image(tmp_path: Path) -> None:
    pack = write_targets(tmp_path, [np.ones((HEIGHT, WIDTH), dtype=np.bool_)])
    (question,) = pack.select_questions("train")
    mask = fit_constant_mask(pack, [question])
    (first, second) = mask.segment(pack.image_path(question), ["?", "?"])
    assert first.shape == second.shape == (HEIGHT, WIDTH)
    assert first.all()


def test_without_train_questions_there_is_no_constant_mask(tmp_path: Path) -> None:
    with pytest.raises(PackEmptyError, match="train"):
        fit_constant_mask(Pack(write_pack(tmp_path)), [])


def test_shrinking_keeps_the_share_that_is_covered() -> None:
    target = np.zeros((480, 640), dtype=np.bool_)
    target[:97, 13:501] = True
    assert shrink_target(target).mean() == pytest.approx(target.mean(), abs=1e-5)
