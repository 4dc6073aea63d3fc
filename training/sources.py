"""Images, questions and targets of any kind of folder that is learned from."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from evaluation.benchmarks.earthreason import read_earthreason
from evaluation.benchmarks.refsegrs import read_refsegrs
from evaluation.benchmarks.rrsis_d import read_rrsis_d
from evaluation.benchmarks.samples import Benchmark, BenchmarkSample, Split
from evaluation.errors import EvaluationError
from evaluation.packs.pack import MANIFEST, Pack
from training.errors import TrainingDataError
from training.folder import load_folder
from training.samples import ImageSample, QuestionSample, load_samples

NO_TARGET_ANSWER = "There is no target object in the image."
"""What an empty list of answers in EarthReason stands for."""


def load_images(kind: str, root: Path, split: str) -> list[ImageSample]:
    """Return the images of a split; at least one.

    Args:
        kind: "folder", "pack", "earthreason", "rrsis-d" or "refsegrs".
        root: the folder.
        split: "train", "val" or "test".

    Raises:
        TrainingDataError: the folder is not in the form, or has nothing in this split.
    """
    readers: dict[str, Callable[[], list[ImageSample]]] = {
        "folder": lambda: load_folder(root, split),
        "pack": lambda: load_samples(Pack(root), split),
        "earthreason": lambda: _from_benchmark(read_earthreason(root, Split(split)), _read_answers),
        "rrsis-d": lambda: _from_benchmark(read_rrsis_d(root, Split(split)), lambda _: ()),
        "refsegrs": lambda: _from_benchmark(read_refsegrs(root, Split(split)), lambda _: ()),
    }
    try:
        images = readers[kind]()
    except EvaluationError as error:
        raise TrainingDataError(str(error)) from error
    if not images:
        raise TrainingDataError(f"The data folder has nothing in the split {split}.")
    return images


def leave_out(images: Sequence[ImageSample], sources: Collection[str]) -> list[ImageSample]:
    """Return the images of all other sources, in their order.

    Raises:
        TrainingDataError: a source is not there, or nothing is left.
    """
    there = {image.source for image in images}
    for source in sources:
        if source not in there:
            raise TrainingDataError(
                f"There is no source {source} to leave out. The data folder has {', '.join(sorted(there))}."
            )
    kept = [image for image in images if image.source not in sources]
    if not kept:
        raise TrainingDataError("Every source is left out; nothing is left to train on.")
    return kept


def detect_kind(root: Path) -> str:
    """Return "pack" for a folder with a manifest, else "folder"."""
    return "pack" if (root / MANIFEST).is_file() else "folder"


def _from_benchmark(
    benchmark: Benchmark, read_answers: Callable[[BenchmarkSample], tuple[str, ...]]
) -> list[ImageSample]:
    images = []
    for sample in benchmark.samples:
        answers = read_answers(sample)
        questions = tuple(
            QuestionSample(f"{sample.id}#{number}", text, "implicit", sample.load_target, answers)
            for number, text in enumerate(sample.questions)
        )
        images.append(ImageSample(sample.id, sample.image_path, benchmark.name, questions))
    return images


def _read_answers(sample: BenchmarkSample) -> tuple[str, ...]:
    """Return the answers that EarthReason keeps beside the questions; the evaluation has no use for them."""
    folder = sample.image_path.parent.parent / "QAs"
    for suffix in (".json", ".txt"):
        path = folder / f"{sample.image_path.stem}{suffix}"
        if path.is_file():
            answers = json.loads(path.read_text(encoding="utf-8")).get("answer", [])
            if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
                raise TrainingDataError(f"QAs/{path.name} has no list of answers.")
            return tuple(answers) or (NO_TARGET_ANSWER,)
    raise TrainingDataError(f"QAs holds no file for {sample.image_path.name}.")
