from pathlib import Path

import numpy as np
import pytest

from evaluation.speed.turns import SpeedReport, TurnTime, draw_scene, measure_speed
from evaluation.tables import build_speed_table
from tests.fakes.engine import FakeEngine


def test_a_first_turn_has_the_encoder_and_a_second_question_has_not(tmp_path: Path) -> None:
    report = measure_speed(FakeEngine(), tmp_path, side=32, images=2)
    assert report.first.stages_s == {"read": 0.01, "encode": 0.5, "language": 0.02, "decode": 0.03}
    assert report.second.stages_s == {"read": 0.01, "language": 0.02, "decode": 0.03}
    assert report.first_click.stages_s == report.click.stages_s == {"read": 0.01, "refine": 0.02}
    assert (report.height, report.width, report.images) == (32, 32, 2)


def test_each_image_gets_two_questions_after_one_to_warm_up(tmp_path: Path) -> None:
    engine = FakeEngine()
    measure_speed(engine, tmp_path, side=32, images=3)
    assert len(engine.questions) == 7
    assert len(engine.refinements) == 8, "two clicks on each image, and on one to warm up"


def test_scenes_differ_by_seed_and_only_by_seed() -> None:
    np.testing.assert_array_equal(draw_scene(64, 1), draw_scene(64, 1))
    assert (draw_scene(64, 1) != draw_scene(64, 2)).any()


def test_the_speedup_is_first_over_second() -> None:
    report = SpeedReport(
        8,
        8,
        1,
        TurnTime(9.0, {}),
        TurnTime(3.0, {"encode": 2.0}),
        TurnTime(1.5, {}),
        TurnTime(1.0, {}),
        TurnTime(0.1, {}),
    )
    assert report.speedup == 2.0
    assert report.to_row()["first"] == {"total_s": 3.0, "stages_s": {"encode": 2.0}}
    assert report.to_row()["click"] == {"total_s": 0.1, "stages_s": {}}


def test_the_table_says_which_stage_was_cached() -> None:
    report = SpeedReport(
        8,
        8,
        1,
        TurnTime(9.0, {}),
        TurnTime(3.0, {"encode": 2.0, "decode": 1.0}),
        TurnTime(0.5, {"decode": 0.5}),
        TurnTime(1.2, {"encode": 1.1, "refine": 0.1}),
        TurnTime(0.1, {"refine": 0.1}),
    )
    ratios = list(build_speed_table(report).columns[3].cells)
    assert ratios == ["cached", "2.0", "6.0"]
    assert "the first click takes 1.200 s, another 0.100 s" in str(build_speed_table(report).caption)


def test_at_least_one_image_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        measure_speed(FakeEngine(), tmp_path, side=32, images=0)
