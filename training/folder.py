"""The plain form of a folder to train on: images/, masks/ and questions.jsonl.

Each line of questions.jsonl is one JSON object:

    {"image": "a.png", "mask": "a_cells.png", "question": "Where are the cells?", "answer": "Three.", "split": "val"}

`image` and `mask` are file names below images/ and masks/. A mask has its image's size; whatever is not black is the
target. `mask` may be null, or the mask all black: nothing is to be marked. `answer` (a string or a list of them),
`split` ("train" where not given) and `kind` ("class" where not given; see `QuestionSample`) may be left out.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.errors import EvaluationError
from evaluation.packs.pack import Rle
from evaluation.pictures import read_mask, read_size
from evaluation.run_lengths import encode_run_lengths
from training.errors import TrainingDataError
from training.samples import ImageSample, QuestionSample

QUESTIONS = "questions.jsonl"
_REQUIRED = {"image", "question"}
_KNOWN = {*_REQUIRED, "mask", "answer", "split", "kind"}


def load_folder(root: Path, split: str) -> list[ImageSample]:
    """Return the images of one split with their questions, in the order in which the file names them first.

    Raises:
        TrainingDataError: a file is missing, or a line is not in the form; the sentence names the line.
    """
    try:
        lines = (root / QUESTIONS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"There is no {QUESTIONS} in the data folder that can be read.") from error
    questions: dict[str, list[QuestionSample]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _parse(line, number)
        if row.get("split", "train") == split:
            of_image = questions.setdefault(row["image"], [])
            of_image.append(_build_question(root, row, number))
    return [
        ImageSample(id=name, path=root / "images" / name, source=root.name, questions=tuple(of_image))
        for name, of_image in questions.items()
    ]


def _parse(line: str, number: int) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TrainingDataError(f"{QUESTIONS}, line {number}, is not JSON.") from error
    if not isinstance(row, dict) or not row.keys() >= _REQUIRED:
        raise TrainingDataError(f"{QUESTIONS}, line {number}, needs at least image and question.")
    if unknown := sorted(row.keys() - _KNOWN):
        raise TrainingDataError(f"{QUESTIONS}, line {number}, has {unknown[0]}, which is not a key of this form.")
    for key in ("image", "question", "split", "kind"):
        if not isinstance(row.get(key, ""), str):
            raise TrainingDataError(f"{QUESTIONS}, line {number}: {key} is not text.")
    return row


def _build_question(root: Path, row: Mapping[str, Any], number: int) -> QuestionSample:
    answers = row.get("answer", [])
    answers = [answers] if isinstance(answers, str) else answers
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        raise TrainingDataError(f"{QUESTIONS}, line {number}: answer is neither text nor a list of texts.")
    return QuestionSample(
        id=f"{row['image']}#{number}",
        text=row["question"],
        kind=row.get("kind", "class"),
        target=_read_target(root, row, number),
        answers=tuple(answers),
    )


def _read_target(root: Path, row: Mapping[str, Any], number: int) -> Rle | None:
    """Return the run lengths of the mask, None where it is empty."""
    try:
        size = read_size(root / "images" / row["image"])
        if row.get("mask") is None:
            return None
        mask = read_mask(root / "masks" / str(row["mask"]))
    except EvaluationError as error:
        raise TrainingDataError(f"{QUESTIONS}, line {number}: {error}") from error
    if mask.shape != size:
        raise TrainingDataError(
            f"{QUESTIONS}, line {number}: the mask is {mask.shape[1]} x {mask.shape[0]} pixels, "
            f"its image {size[1]} x {size[0]}."
        )
    if not mask.any():
        return None
    encoded = encode_run_lengths(mask)
    return {"size": encoded["size"], "counts": encoded["counts"].encode("ascii")}
