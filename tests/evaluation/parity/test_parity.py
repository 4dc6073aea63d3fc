import json
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from evaluation.parity.command import compare_points, parity, report
from tests.golden.mini import GOLDEN_FOLDER


def run_parity(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(parity)
    return CliRunner().invoke(app, arguments)


def passes(ours: Any, golden: Any, *, point: str = "query") -> bool:
    (deviation,) = compare_points({point: np.asarray(ours)}, {point: np.asarray(golden)})
    return deviation.passed


def test_whole_pipeline_reproduces_case_s_at_every_recorded_point() -> None:
    result = run_parity(str(GOLDEN_FOLDER / "case_S.npz"), "--json")

    row = json.loads(result.stdout)
    assert [point for point in row["points"] if not point["passed"]] == []
    assert row["passed"] is True
    assert result.exit_code == 0
    with np.load(GOLDEN_FOLDER / "case_S.npz") as case:
        inputs = {"input_ids", "question_ids", "answer_ids"}
        assert {point["point"] for point in row["points"]} == set(case.files) - inputs


def test_one_point_out_of_tolerance_fails_the_case_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    ours = {"e": np.zeros(2), "t0": np.zeros(2)}
    golden = {"e": np.zeros(2), "t0": np.array([0, 1e-3])}

    status = report(compare_points(ours, golden), case_name="case_Z.npz", as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("FAILS")] == ["t0"]
    assert lines[-1] == "1 of 2 points are not within tolerance."
    assert status == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no_such_case.npz"], "There is no golden case"),
        ([__file__], "cannot be read as a golden case"),
        ([str(GOLDEN_FOLDER / "mini.npz")], "it lacks input_ids"),
        ([str(GOLDEN_FOLDER / "case_S.npz"), "--formula", "nonsense"], "three whole numbers"),
    ],
)
def test_an_unusable_case_exits_2_with_a_sentence(arguments: list[str], sentence: str) -> None:
    result = run_parity(*arguments)

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unusable_case_is_said_in_json_too() -> None:
    result = run_parity("no_such_case.npz", "--json")

    assert "There is no golden case" in json.loads(result.stdout)["error"]


def test_a_value_just_inside_the_gate_passes_and_just_outside_fails() -> None:
    assert passes([1.0 + 4e-5], [1.0])
    assert not passes([1.0 + 6e-5], [1.0])


def test_statistics_have_a_narrower_gate() -> None:
    assert not passes([1.0 + 4e-5], [1.0], point="e_stats")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_no_number_fails(bad: float) -> None:
    assert not passes([bad], [1.0])
    assert not passes([1.0], [bad])


def test_another_shape_fails() -> None:
    assert not passes(np.zeros((2, 3)), np.zeros((3, 2)))


def test_a_point_that_only_the_case_has_fails() -> None:
    deviations = compare_points({}, {"query": np.zeros(1), "input_ids": np.zeros(1)})

    assert [(one.point, one.passed) for one in deviations] == [("query", False)]


@pytest.mark.parametrize(("flipped", "expected"), [(100, True), (101, False)])
def test_mask_pixels_are_counted_bit_by_bit(flipped: int, expected: bool) -> None:
    golden = np.zeros((1024, 1024), dtype=bool)
    ours = golden.copy()
    ours.flat[:flipped] = True

    assert passes(np.packbits(ours, axis=1), np.packbits(golden, axis=1), point="mask_packed") is expected
