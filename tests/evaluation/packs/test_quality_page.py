import json
from pathlib import Path

import pytest

from evaluation.packs.quality_page import SECTIONS, replace_section, rewrite_page, write_table

PAGE = "before\n<!-- begin calibration -->\nold\n<!-- end calibration -->\nafter\n"


def _calibration(ece: float, temperature: float | None = None) -> dict[str, object]:
    figures = {
        "uncalibrated": {"temperature": 1.0, "ece": ece},
        "stored": {"temperature": 1.5, "ece": ece / 2},
        "fitted": None if temperature is None else {"temperature": temperature, "ece": ece / 2},
    }
    return {"n": 2415, "pixels": figures, "presence": figures, "score": {"ece": 0.1}}


def test_a_section_is_made_of_its_reports(tmp_path: Path) -> None:
    (tmp_path / "calibration_fit.json").write_text(json.dumps(_calibration(0.08, 1.25)))
    (tmp_path / "calibration_val.json").write_text(json.dumps(_calibration(0.08)))
    page, made = rewrite_page(PAGE, tmp_path)
    assert made == ("calibration",)
    assert "| a pixel is part of it | 1.250 | 0.080 | 0.040 | – | – |" in page
    assert "val, 2,415 questions" in page
    assert page.startswith("before\n<!-- begin calibration -->\n|")
    assert page.endswith("\n<!-- end calibration -->\nafter\n")


def _pack_report(giou: float) -> dict[str, object]:
    groups = {"class": {"gIoU": giou, "n": 508}, "size": {"gIoU": giou / 2, "n": 148}}
    keys = ("per_kind", "per_class_present", "per_kind_present", "per_source_present", "per_target_share")
    return {"n": 656, "gIoU": giou, "present_gIoU": giou, "absent_gIoU": None, **dict.fromkeys(keys, groups)}


def test_kinds_stand_beside_each_other_for_whatever_answered(tmp_path: Path) -> None:
    (tmp_path / "val.json").write_text(json.dumps(_pack_report(0.6)))
    (tmp_path / "test_assistant.json").write_text(json.dumps(_pack_report(0.5)))
    page, made = rewrite_page(PAGE.replace("calibration", "kinds") + PAGE.replace("calibration", "errors"), tmp_path)
    assert made == ("kinds", "errors")
    assert "| size | 148 | 0.300 | – | – | – | 0.250 |" in page
    assert "| **all** | 656 | 0.600 | – | – | – | 0.500 |" in page
    # What is worst comes first.
    assert page.index("| size | 148 | 0.300 |\n") < page.index("| class | 508 | 0.600 |\n")


def test_disturbances_stand_beside_what_is_reached_without_them(tmp_path: Path) -> None:
    figures = {"n": 200, "unchanged_gIoU": 0.6, "gIoU": 0.4, "mask_iou": None}
    report = {"images": 40, "wordings": {"targets": 30, "mask_iou": 0.71}, "disturbances": {"typos": figures}}
    (tmp_path / "robustness_val.json").write_text(json.dumps(report))
    page, _ = rewrite_page(PAGE.replace("calibration", "robustness"), tmp_path)
    assert "| typos | 200 | 0.600 | 0.400 | – |" in page
    assert "30 targets were asked for in several wordings; the answers agree with a mean IoU of 0.710." in page


def test_what_has_no_report_stays(tmp_path: Path) -> None:
    assert rewrite_page(PAGE, tmp_path) == (PAGE, ())


def test_making_a_section_twice_changes_nothing_more() -> None:
    once = replace_section(PAGE, "calibration", "new \\1 text")
    assert replace_section(once, "calibration", "new \\1 text") == once


def test_a_page_without_the_section_is_refused() -> None:
    with pytest.raises(ValueError, match="0 sections named calibration"):
        replace_section("nothing here", "calibration", "new")


def test_numbers_in_a_table_have_three_places_and_nothing_is_a_dash() -> None:
    assert write_table(("a", "b"), [[0.12345, None], ["x", 1234]]) == (
        "| a | b |\n| --- | --- |\n| 0.123 | – |\n| x | 1,234 |"
    )


@pytest.mark.parametrize("name", SECTIONS)
def test_the_projects_own_page_has_every_section(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "quality.md").read_text()
    assert "new text" in replace_section(page, name, "new text")
