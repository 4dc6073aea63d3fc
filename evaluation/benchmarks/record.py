"""The results folder of a benchmark run: written answer by answer, so that a run that stopped goes on."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.benchmarks.scores import Answer, AnswerKey
from evaluation.errors import BenchmarkUnreadableError, RunMismatchError
from evaluation.run_lengths import RunLengths, encode_run_lengths

SETTINGS = "run.json"
ANSWERS = "answers.csv"
MASKS = "masks.jsonl"

_COLUMNS = (
    "id", "question_number", "group", "iou", "intersection_px", "union_px", "target_px", "predicted_px",
    "label_resized", "question",
)  # fmt: skip


class BenchmarkRecord:
    """What has been answered so far, on disk and in memory.

    run.json says what is measured; answers.csv has a row for each answer; masks.jsonl has its mask on the scoring
    grid as COCO run lengths, in the form that `--predictions` reads.

    Args:
        folder: created where missing.
        settings: what must be the same for a run to go on.
        is_fresh: forget what the folder holds of the same run.

    Raises:
        RunMismatchError: the folder holds a run with other settings.
        BenchmarkUnreadableError: a file in it is not in our form.
    """

    def __init__(self, folder: Path, settings: Mapping[str, object], *, is_fresh: bool = False) -> None:
        self.folder = folder
        self.answers: dict[AnswerKey, Answer] = {}
        self.masks: dict[AnswerKey, RunLengths] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._check_settings(settings)
        if not is_fresh:
            self._read_back()
        self._rewrite()

    def append(self, answer: Answer, mask: NDArray[np.bool_]) -> None:
        """Write one answer and its mask, bool on the scoring grid, through to the disk."""
        encoded = encode_run_lengths(mask)
        # The mask first: a row without a mask would look finished and could not be shown.
        with (self.folder / MASKS).open("a", encoding="utf-8") as file:
            file.write(_write_mask_line(answer.key, encoded))
        with (self.folder / ANSWERS).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(_to_row(answer))
        self.answers[answer.key] = answer
        self.masks[answer.key] = encoded

    def _check_settings(self, settings: Mapping[str, object]) -> None:
        path = self.folder / SETTINGS
        text = json.dumps(settings, ensure_ascii=False, indent=2) + "\n"
        if path.exists():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise BenchmarkUnreadableError(where=SETTINGS, problem="it is not JSON") from error
            wanted = json.loads(text)
            if found != wanted:
                names = sorted({*found, *wanted}) if isinstance(found, dict) else ["format"]
                differing = [
                    name for name in names if not isinstance(found, dict) or found.get(name) != wanted.get(name)
                ]
                raise RunMismatchError(folder=self.folder.name, differing=differing)
        path.write_text(text, encoding="utf-8")

    def _read_back(self) -> None:
        """Take in what is complete: a row with its mask. A last line that broke off is left out."""
        masks = dict(_read_masks(self.folder / MASKS))
        for answer in _read_answers(self.folder / ANSWERS):
            if answer.key in masks:
                self.answers[answer.key] = answer
                self.masks[answer.key] = masks[answer.key]

    def _rewrite(self) -> None:
        masks = "".join(_write_mask_line(key, mask) for key, mask in self.masks.items())
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_to_row(answer) for answer in self.answers.values())
        for name, text in ((MASKS, masks), (ANSWERS, table.getvalue())):
            # Beside it first, so that being stopped here loses nothing.
            beside = self.folder / f"{name}.new"
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.folder / name)


def _to_row(answer: Answer) -> list[object]:
    return [
        answer.key.sample_id,
        answer.key.number,
        answer.group,
        f"{answer.iou:.6f}",
        answer.intersection_px,
        answer.union_px,
        answer.target_px,
        answer.predicted_px,
        int(answer.is_label_resized),
        " ".join(answer.question.split()),  # one answer a line
    ]


def _read_answers(path: Path) -> list[Answer]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    complete = text[: text.rfind("\n") + 1]
    rows = list(csv.reader(io.StringIO(complete, newline="")))
    if not rows or tuple(rows[0]) != _COLUMNS:
        raise BenchmarkUnreadableError(where=ANSWERS, problem="its first line does not name our columns")
    try:
        return [_from_row(row) for row in rows[1:]]
    except (ValueError, IndexError) as error:
        raise BenchmarkUnreadableError(where=ANSWERS, problem="a row is damaged") from error


def _from_row(row: list[str]) -> Answer:
    sample_id, number, group, _, intersection_px, union_px, target_px, predicted_px, is_resized, question = row
    return Answer(
        key=AnswerKey(sample_id, int(number)),
        group=group,
        question=question,
        intersection_px=int(intersection_px),
        union_px=int(union_px),
        target_px=int(target_px),
        predicted_px=int(predicted_px),
        is_label_resized=bool(int(is_resized)),
    )


def _write_mask_line(key: AnswerKey, mask: RunLengths) -> str:
    row = {"id": key.sample_id, "question_number": key.number, "segmentation": mask}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _read_masks(path: Path) -> list[tuple[AnswerKey, RunLengths]]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    lines = text[: text.rfind("\n") + 1].split("\n")[:-1]
    try:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return [
            (
                AnswerKey(str(row["id"]), int(row["question_number"])),
                RunLengths(size=row["segmentation"]["size"], counts=row["segmentation"]["counts"]),
            )
            for row in rows
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise BenchmarkUnreadableError(where=MASKS, problem="a line is damaged") from error
