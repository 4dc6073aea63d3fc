"""Read EarthReason as it is published: {train,val,test}/{images,labels,QAs}.

Images are .jpg, .jpeg or .png; labels are .png of the image's size, anything but black is the target; QAs are .json or
.txt and hold one JSON object with `questions` and `answer`. An image whose label is black has no target.
"""

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from evaluation.benchmarks.samples import Benchmark, BenchmarkSample, Split, find_layout
from evaluation.errors import BenchmarkMissingError, BenchmarkUnpairedError, BenchmarkUnreadableError
from evaluation.pictures import read_mask

NAME = "EarthReason"
NESTED = "rs_reason_seg/RSReasonSeg"

_SUFFIXES = {"images": (".jpg", ".jpeg", ".png"), "labels": (".png",), "QAs": (".json", ".txt")}


def read_earthreason(root: Path, split: Split, *, pair_by_position: bool = False) -> Benchmark:
    """Return a split of EarthReason.

    Args:
        root: the folder that holds train, val and test, or the one that holds rs_reason_seg/RSReasonSeg.
        split: which part.
        pair_by_position: pair the sorted files by their position, as the released evaluation does, where their
            names (without endings) differ.

    Raises:
        BenchmarkError: a folder is missing, files do not pair up, or a question file is not in the form.
    """
    folder = find_layout(root, benchmark=NAME, nested=NESTED, marker=split) / split
    images, labels, questions = (_list_files(folder, name) for name in _SUFFIXES)
    unpaired = _find_unpaired(images, labels, questions)
    is_aligned = len(images) == len(labels) == len(questions)
    notes: tuple[str, ...] = ()
    if not unpaired:
        labels, questions = (_order_like(images, kind) for kind in (labels, questions))
    elif pair_by_position and is_aligned:
        notes = (f"Names differ ({len(unpaired):,} without a partner): paired by position in the sorted folders.",)
    else:
        counts = f"{len(images):,} images, {len(labels):,} labels, {len(questions):,} question files"
        raise BenchmarkUnpairedError(counts=counts, unpaired=unpaired, can_pair_by_position=is_aligned)
    has_stem = Counter(image.stem for image in images)
    samples = []
    for image, label, question in zip(images, labels, questions, strict=True):
        name = image.stem if has_stem[image.stem] == 1 else image.name
        samples.append(BenchmarkSample(name, image, _read_questions(question), name, partial(read_mask, label)))
    return Benchmark(NAME, split, tuple(samples), notes)


def _list_files(folder: Path, name: str) -> list[Path]:
    """Return the files of one kind, sorted by name as the released evaluation sorts them."""
    inner = folder / name
    if not inner.is_dir():
        raise BenchmarkMissingError(benchmark=NAME, name=f"{folder.name}/{name}")
    return sorted(path for path in inner.iterdir() if path.suffix.lower() in _SUFFIXES[name] and path.is_file())


def _find_unpaired(*kinds: Sequence[Path]) -> list[str]:
    """Return the names, "labels/12.png", of files without exactly one partner of their stem in each other folder."""
    counts = [Counter(path.stem for path in kind) for kind in kinds]
    return [
        f"{path.parent.name}/{path.name}"
        for kind in kinds
        for path in kind
        if any(count[path.stem] != 1 for count in counts)
    ]


def _order_like(leading: Sequence[Path], following: Sequence[Path]) -> list[Path]:
    by_stem = {path.stem: path for path in following}
    return [by_stem[path.stem] for path in leading]


def _read_questions(path: Path) -> tuple[str, ...]:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BenchmarkUnreadableError(where=f"QAs/{path.name}", problem="it is not JSON") from error
    questions = row.get("questions") if isinstance(row, dict) else None
    if not isinstance(questions, list) or not questions or not all(isinstance(text, str) for text in questions):
        raise BenchmarkUnreadableError(where=f"QAs/{path.name}", problem="it has no list of questions")
    return tuple(questions)
