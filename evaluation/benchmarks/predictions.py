"""Masks that any system wrote: PNG files, or COCO run lengths as JSON.

A mask is found by the sample's id, else by the image's name without its ending where one sample alone has that image.
The second and further questions of a sample have `_q2`, `_q3`, ... behind that name.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.benchmarks.run import Answerer
from evaluation.benchmarks.samples import Benchmark, BenchmarkSample
from evaluation.benchmarks.scores import AnswerKey
from evaluation.errors import (
    BenchmarkUnreadableError,
    PredictionMissingError,
    PredictionSizeError,
    PredictionsUnreadableError,
    RunLengthsInvalidError,
)
from evaluation.pictures import read_mask, read_size
from evaluation.run_lengths import decode_run_lengths, unite_masks
from evaluation.scoring_grid import SQUARE_SIDE, ScoringGrid, place_mask

_JSON_SUFFIXES = (".json", ".jsonl")


class Predictions:
    """Masks by name.

    Args:
        name: of the folder or file, for messages.
        loaders: name of a mask -> what reads it, bool (H, W).
    """

    def __init__(self, name: str, loaders: Mapping[str, Callable[[], NDArray[np.bool_]]]) -> None:
        self.name = name
        self._loaders = loaders

    @classmethod
    def open(cls, path: Path) -> "Predictions":
        """Find the masks in a folder of PNG files (inner folders too), or in one JSON or JSON-lines file.

        Args:
            path: the folder, which may hold the one JSON file, or the file.

        Raises:
            PredictionsUnreadableError: there are none, or they are not in a form that is read.
        """
        if path.is_dir():
            pictures = sorted(found for found in path.rglob("*") if found.suffix.lower() == ".png")
            listings = [found for found in sorted(path.iterdir()) if found.suffix.lower() in _JSON_SUFFIXES]
            if pictures:
                return cls(path.name, _index_pictures(path, pictures))
            if len(listings) != 1:
                problem = "it holds neither PNG masks nor exactly one JSON file"
                raise PredictionsUnreadableError(name=path.name, problem=problem)
            path = listings[0]
        if not path.is_file():
            raise PredictionsUnreadableError(name=path.name, problem="there is no such folder or file")
        return cls(path.name, _index_listing(path))

    def find(self, names: Iterable[str]) -> str | None:
        """Return the first of `names` that has a mask, or None."""
        return next((name for name in names if name in self._loaders), None)

    def load(self, name: str) -> NDArray[np.bool_]:
        """Return the mask `name`, bool (H, W).

        Raises:
            PredictionsUnreadableError: it is damaged.
        """
        try:
            return self._loaders[name]()
        except (BenchmarkUnreadableError, RunLengthsInvalidError) as error:
            problem = str(error).rstrip(".")
            raise PredictionsUnreadableError(name=self.name, problem=f"the mask {name}: {problem}") from error


def answer_from_predictions(
    predictions: Predictions, benchmark: Benchmark, keys: Sequence[AnswerKey], grid: ScoringGrid
) -> Answerer:
    """Return an answerer that looks its answers up.

    A mask has its image's size; on the square grid it may also be the padded square itself.

    Args:
        predictions: the masks.
        benchmark: what they answer.
        keys: what will be asked.
        grid: where masks are compared.

    Raises:
        PredictionMissingError: some of `keys` have no mask.
    """
    stems = Counter(sample.image_path.stem for sample in benchmark.samples)
    samples = {sample.id: sample for sample in benchmark.samples}
    found: dict[AnswerKey, str] = {}
    missing: list[str] = []
    for key in keys:
        candidates = list(_list_names(samples[key.sample_id], key.number, stems))
        name = predictions.find(candidates)
        if name is None:
            missing.append(" or ".join(candidates))
        else:
            found[key] = name
    if missing:
        raise PredictionMissingError(missing=len(missing), total=len(keys), first=missing[0])

    def answer(sample: BenchmarkSample, numbers: Sequence[int]) -> Iterable[NDArray[np.bool_]]:
        size = read_size(sample.image_path)
        for number in numbers:
            name = found[AnswerKey(sample.id, number)]
            yield fit_to_grid(predictions.load(name), name=name, size=size, grid=grid)

    return answer


def fit_to_grid(mask: NDArray[np.bool_], *, name: str, size: tuple[int, int], grid: ScoringGrid) -> NDArray[np.bool_]:
    """Return a read mask on the grid.

    Args:
        mask: bool (H, W).
        name: for the message.
        size: (height, width) of the image.
        grid: where masks are compared.

    Raises:
        PredictionSizeError: its size is not the image's, nor the square's where that is the grid.
    """
    if mask.shape == size:
        return place_mask(mask, grid)
    square = (SQUARE_SIDE, SQUARE_SIDE)
    if grid is ScoringGrid.SQUARE and mask.shape == square:
        return mask
    wanted = [size, square] if grid is ScoringGrid.SQUARE else [size]
    raise PredictionSizeError(name=name, found=(mask.shape[0], mask.shape[1]), wanted=list(dict.fromkeys(wanted)))


def _list_names(sample: BenchmarkSample, number: int, stems: Counter[str]) -> Iterable[str]:
    stem = sample.image_path.stem
    for name in dict.fromkeys([sample.id, *([stem] if stems[stem] == 1 else [])]):
        if number == 1:
            yield name
        yield f"{name}_q{number}"


def _index_pictures(root: Path, paths: Sequence[Path]) -> dict[str, Callable[[], NDArray[np.bool_]]]:
    return {path.relative_to(root).with_suffix("").as_posix(): _PictureLoader(path) for path in paths}


class _PictureLoader:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> NDArray[np.bool_]:
        return read_mask(self._path)


class _RunLengthsLoader:
    """Reads the union of the parts that were listed under one name."""

    def __init__(self, parts: Sequence[object]) -> None:
        self._parts = parts

    def __call__(self) -> NDArray[np.bool_]:
        return unite_masks([decode_run_lengths(part) for part in self._parts])


def _index_listing(path: Path) -> dict[str, Callable[[], NDArray[np.bool_]]]:
    """Return the masks of a file: {name: run lengths}, or a list of objects, bare or as COCO's `annotations`."""
    parts: dict[str, list[object]] = {}
    for name, part in _read_entries(path):
        parts.setdefault(name, []).append(part)
    return {name: _RunLengthsLoader(of_name) for name, of_name in parts.items()}


def _read_entries(path: Path) -> Iterable[tuple[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
        is_lines = path.suffix.lower() == ".jsonl"
        content = [json.loads(line) for line in text.split("\n") if line.strip()] if is_lines else json.loads(text)
    except ValueError as error:
        raise PredictionsUnreadableError(name=path.name, problem="it is not JSON") from error
    if isinstance(content, dict) and isinstance(content.get("annotations"), list):
        content = content["annotations"]
    if isinstance(content, dict):
        yield from content.items()
        return
    if not isinstance(content, list):
        raise PredictionsUnreadableError(name=path.name, problem="it holds neither a list nor masks by name")
    for position, row in enumerate(content, start=1):
        # In COCO's own files `id` numbers the annotation.
        name = next((row[key] for key in ("image_id", "id") if key in row), None) if isinstance(row, dict) else None
        if name is None or "segmentation" not in row:
            problem = f"entry {position} has no image_id (or id) and segmentation"
            raise PredictionsUnreadableError(name=path.name, problem=problem)
        number = row.get("question_number", 1)
        yield (str(name) if number == 1 else f"{name}_q{number}"), row["segmentation"]
