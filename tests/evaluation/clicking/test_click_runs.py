"""Simulated people click until the mask is right, and the figures count what they did."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from evaluation.clicking.clicks import (
    MAX_CLICKS,
    ClickRun,
    Start,
    box_around,
    choose_part,
    choose_tasks,
    report_runs,
    simulate,
)
from evaluation.commands import build_evaluate_app
from evaluation.packs.pack import Pack, PackQuestion
from serving.clicks import Box, Click
from serving.grid import Grid
from serving.mask import Mask
from serving.refinement.merging import obey_clicks
from tests.evaluation.tiny_packs import write_pack
from tests.fakes.engine import FakeEngine

GRID = Grid(40, 40)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pack(tmp_path)


def _question(root: Path) -> PackQuestion:
    return Pack(root).select_questions("val")[0]


def _run(root: Path, start: Start, *ious: float) -> ClickRun:
    return ClickRun(_question(root), start, ious, (0.1,) * (len(ious) - 1))


def test_clicks_are_counted_to_each_threshold(root: Path) -> None:
    run = _run(root, Start.OBJECT, 0.0, 0.5, 0.82, 0.81, 0.9, 0.91)
    assert run.clicks_to(0.80) == 2
    assert run.clicks_to(0.85) == 4
    assert _run(root, Start.ANSWER, 0.87, 0.9).clicks_to(0.85) == 0
    assert _run(root, Start.OBJECT, 0.0, 0.1).clicks_to(0.80) == MAX_CLICKS


def test_a_finished_mask_keeps_its_iou(root: Path) -> None:
    run = _run(root, Start.OBJECT, 0.0, 1.0)
    assert run.iou_after(0) == 0.0
    assert run.iou_after(5) == 1.0


def test_the_report_has_the_means_of_each_start(root: Path) -> None:
    runs = [
        _run(root, Start.OBJECT, 0.0, 0.9),
        _run(root, Start.OBJECT, 0.0, 0.5, 0.5, 0.83),
        _run(root, Start.ANSWER, 0.7, 0.86),
    ]
    report: dict[str, Any] = report_runs(runs)
    assert report["object"]["NoC@80"] == 2.0
    assert report["object"]["NoC@85"] == (1 + MAX_CLICKS) / 2
    assert report["object"]["unreached@85"] == 0.5
    assert report["object"]["iou_after"] == pytest.approx({"0": 0.0, "1": 0.7, "3": 0.865, "5": 0.865})
    assert report["answer"]["iou_after"]["0"] == 0.7
    assert report["answer"]["per_source"]["town"]["n"] == 1
    assert report["seconds_per_click"] == pytest.approx(0.1)


def test_somebody_whom_nobody_helps_gives_up_after_twenty_clicks() -> None:
    target = np.zeros((40, 40), bool)
    target[::2, ::2] = True

    def refine(before: Mask, clicks: Sequence[Click], box: Box | None = None) -> tuple[Mask, float]:
        pixels = before.pixels.copy()
        for click in clicks:
            pixels[click.row_col] = click.is_positive
        return Mask(pixels, GRID), 0.5

    ious, seconds = simulate(refine, Mask(np.zeros((40, 40), bool), GRID), target)
    assert seconds == (0.5,) * MAX_CLICKS
    assert ious[-1] == pytest.approx(MAX_CLICKS / 400)


def test_clicking_ends_when_nothing_is_wrong() -> None:
    target = np.zeros((40, 40), bool)
    target[5, 5] = True

    def refine(before: Mask, clicks: Sequence[Click], box: Box | None = None) -> tuple[Mask, float]:
        pixels = obey_clicks(before.pixels, clicks)
        return Mask(pixels & target, GRID), 0.0

    ious, _ = simulate(refine, Mask(np.zeros((40, 40), bool), GRID), target)
    assert ious == pytest.approx((0.0, 1.0), abs=1e-4)


def test_the_part_of_middle_size_is_the_object() -> None:
    target = np.zeros((60, 60), bool)
    target[:8, :8] = True
    target[20:30, 20:30] = True
    target[40:60, 40:60] = True
    target[0, 50] = True  # too small to be clicked on
    part = choose_part(target)
    assert part is not None
    assert part.sum() == 100
    assert choose_part(np.zeros((5, 5), bool)) is None


def test_what_is_told_before_does_not_count_as_a_click() -> None:
    target = np.zeros((40, 40), bool)
    target[5, 5] = True
    heard = []

    def refine(before: Mask, clicks: Sequence[Click], box: Box | None = None) -> tuple[Mask, float]:
        heard.append(tuple(clicks))
        return Mask(target, GRID), 0.0

    middle = Click(1.5, 1.5, is_positive=True)
    ious, _ = simulate(refine, Mask(np.zeros((40, 40), bool), GRID), target, told=(middle,))
    assert heard == [(middle, Click(5.5, 5.5, is_positive=True))]
    assert ious == pytest.approx((0.0, 1.0), abs=1e-4)


def test_the_box_around_a_part_is_tight() -> None:
    part = np.zeros((40, 40), bool)
    part[3:9, 5:20] = True
    assert box_around(part) == Box(5, 3, 20, 9)


def test_each_image_and_class_is_clicked_once(root: Path) -> None:
    tasks = choose_tasks(Pack(root), "val")
    assert [task.image for task in tasks] == ["images/town/a.png", "images/town/b.png", "images/park/p.png"]
    assert len(choose_tasks(Pack(root), "val", limit=2)) == 2


def _invoke(engine: FakeEngine, *arguments: object) -> Result:
    return CliRunner().invoke(build_evaluate_app(lambda: engine), [str(argument) for argument in arguments])


def test_the_command_prints_one_json_object(root: Path) -> None:
    engine = FakeEngine()
    result = _invoke(engine, "clicks", root, "--json")
    assert result.exit_code == 0, result.output
    row = json.loads(result.stdout)
    assert (row["split"], row["refiner"], row["model_digest"]) == ("val", "classical", engine.model_digest)
    # The fake follows colours exactly: a click an object, none where the answer was right.
    assert row["answer"]["NoC@85"] == 0
    assert row["object"]["iou_after"]["1"] == pytest.approx(1.0)
    assert engine.refinements


def test_the_command_prints_a_table_for_people(root: Path) -> None:
    result = _invoke(FakeEngine(), "clicks", root, "--limit", "1")
    assert result.exit_code == 0, result.output
    assert "NoC" in result.stdout


def test_a_refiner_that_is_not_there_is_said_in_words(root: Path) -> None:
    result = _invoke(FakeEngine(), "clicks", root, "--refiner", "learned", "--json")
    assert result.exit_code == 2
    assert "no learned click refiner" in json.loads(result.stdout)["error"]
