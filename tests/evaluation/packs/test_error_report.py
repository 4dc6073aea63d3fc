import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from assistant.masks.agreement import Agreement
from evaluation.commands import build_evaluate_app
from evaluation.metrics import Score
from evaluation.packs.error_report import SHOWN, choose_extremes
from evaluation.packs.pack import Pack
from evaluation.packs.report import ScoredQuestion
from tests.evaluation.tiny_packs import write_pack
from tests.fakes.engine import FakeEngine

LICENCES = "| source | redistribute? |\n| --- | --- |\n| `town` | yes |\n| `park` | no |\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "LICENSES.md").write_text(LICENCES)
    return write_pack(tmp_path)


def _scored(root: Path, number: int, iou: float, *, share: float = 0.1, class_name: str = "roof") -> ScoredQuestion:
    question = Pack(root).select_questions("val")[0]
    question = replace(question, id=f"#{number}", image=f"{number}.png", class_name=class_name)
    return ScoredQuestion(question, Score(Agreement(round(iou * 1000), 1000), is_target_empty=share == 0), share)


def test_the_best_come_first_and_the_worst_by_how_much_they_miss(root: Path) -> None:
    scored = [
        _scored(root, 1, 0.5, class_name="a"),
        _scored(root, 2, 0.9, class_name="b"),
        _scored(root, 3, 0.0, share=0.01, class_name="c"),
        _scored(root, 4, 0.0, share=0.3, class_name="d"),
    ]
    extremes = choose_extremes(scored)
    assert [one.question.id for one in extremes.best] == ["#2", "#1", "#3", "#4"]
    assert [one.question.id for one in extremes.worst] == ["#4", "#3", "#1", "#2"]
    assert extremes.false_alarms == ()


def test_one_class_or_one_image_does_not_fill_the_sheet(root: Path) -> None:
    roofs = [_scored(root, number, 0.9) for number in range(20)]
    pools = [_scored(root, 100 + number, 0.8, class_name=f"pool {number}") for number in range(20)]
    best = choose_extremes([*roofs, *roofs, *pools]).best
    assert len(best) == SHOWN
    assert len({one.question.image for one in best}) == SHOWN
    assert sum(one.question.class_name == "roof" for one in best) == 3


def test_a_false_alarm_is_something_marked_where_nothing_was_to_be(root: Path) -> None:
    alarm, silence = _scored(root, 1, 0.0, share=0.0), _scored(root, 2, 0.0, share=0.0)
    silence = replace(silence, score=Score(Agreement(0, 0), is_target_empty=True))
    extremes = choose_extremes([alarm, silence])
    assert extremes.false_alarms == (alarm,)
    assert extremes.best == extremes.worst == ()


def test_sources_that_may_not_be_shown_are_left_out(root: Path) -> None:
    town = _scored(root, 1, 0.5)
    park = replace(town, question=replace(town.question, source="park", image="other.png"))
    assert choose_extremes([town, park], sources={"town"}).best == (town,)


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(build_evaluate_app(FakeEngine), ["pack", str(root), *arguments])


def test_the_report_has_tables_and_sheets(root: Path, tmp_path: Path) -> None:
    result = run(root, "--report", str(tmp_path / "errors"), "--json")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "errors" / "report.md").read_text()
    # Per kind, of what is there: the two questions about a half reach 36 of 96 pixels.
    assert "| region | 2 | 0.375 |" in page
    assert "| class | 3 | 1.000 |" in page
    assert "| town | 4 |" in page
    assert page.index("The best answers") < page.index("![The worst answers](worst.png)")
    with Image.open(tmp_path / "errors" / "best.png") as sheet:
        assert sheet.width > 3 * 2 * 168
    assert json.loads(result.stdout)["per_class_present"]["building"]["n"] == 5


def test_an_old_sheet_does_not_stay_where_there_is_nothing_to_show(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "errors"
    folder.mkdir()
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(folder / "false_alarms.png")
    assert run(root, "--report", str(folder)).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["best.png", "report.md", "worst.png"]
    assert "Marked where" not in (folder / "report.md").read_text()


def test_a_public_report_shows_only_what_may_be_passed_on(root: Path, tmp_path: Path) -> None:
    sizes = []
    for name, more in (("all", []), ("public", ["--public"])):
        assert run(root, "--report", str(tmp_path / name), *more).exit_code == 0
        with Image.open(tmp_path / name / "best.png") as sheet:
            sizes.append(sheet.width)
    # Three images, of which one may not be shown.
    assert sizes[1] < sizes[0]


def test_public_without_a_report_is_refused(root: Path) -> None:
    result = run(root, "--public")
    assert result.exit_code == 2
    assert "--report" in result.stderr
