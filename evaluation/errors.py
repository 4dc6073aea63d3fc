"""What can go wrong while measuring; `str(error)` is the sentence a person reads.

EvaluationError
├── GoldenCaseError                 a golden case is missing, damaged or incomplete
├── PackError                       a folder of questions and targets cannot be measured on
│   ├── PackMissingError            a file of it is not there
│   ├── PackUnreadableError         a line, a mask or an annotation is not in the form
│   └── PackEmptyError              nothing is left to ask
├── BenchmarkError                  a published data set cannot be measured on
│   ├── BenchmarkMissingError       a file or folder of its layout is not there
│   ├── BenchmarkUnreadableError    a file of it is damaged or not in the form
│   ├── BenchmarkUnpairedError      images, labels and questions do not belong together
│   └── BenchmarkEmptyError         nothing is left to ask
├── RunLengthsInvalidError          run lengths do not describe a mask
├── PredictionsError                another system's masks cannot be scored
│   ├── PredictionsUnreadableError  the folder or file holds no masks in a form that is read
│   ├── PredictionMissingError      some questions have no mask
│   └── PredictionSizeError         a mask has another size than its image
└── RunMismatchError                the results folder holds a run with other settings
"""

from collections.abc import Sequence


class EvaluationError(Exception):
    """Root of every error that this package raises on purpose."""


class GoldenCaseError(EvaluationError):
    """A golden case cannot be used."""


class PackError(EvaluationError):
    """A folder of questions and targets cannot be measured on."""


class PackMissingError(PackError):
    """A file of the pack is not there."""

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The data folder has no {name}. Please give the folder that holds manifest.jsonl and questions.jsonl."
        )


class PackUnreadableError(PackError):
    """A line, a mask or an annotation is not in the expected form."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(f"The data folder cannot be read: {where}: {problem}.")


class PackEmptyError(PackError):
    """Nothing is left to ask."""

    def __init__(self, *, split: str) -> None:
        super().__init__(f"The data folder has no question in the split {split} that fits the options given.")


class BenchmarkError(EvaluationError):
    """A published data set cannot be measured on."""


class BenchmarkMissingError(BenchmarkError):
    """A file or folder of the layout is not there."""

    def __init__(self, *, benchmark: str, name: str) -> None:
        super().__init__(
            f"There is no {name} in the folder given for {benchmark}. docs/benchmarks.md shows the layout that is read."
        )


class BenchmarkUnreadableError(BenchmarkError):
    """A file is damaged or not in the form."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(f"{where} cannot be used: {problem}.")


class BenchmarkUnpairedError(BenchmarkError):
    """Images, labels and questions do not belong together by their names."""

    def __init__(self, *, counts: str, unpaired: Sequence[str], can_pair_by_position: bool) -> None:
        advice = (
            "The released evaluation pairs the sorted files by their position; --pair-by-position does the same."
            if can_pair_by_position
            else "Please complete the folders, or take the extra files away."
        )
        more = f" and {len(unpaired) - 3:,} more" if len(unpaired) > 3 else ""
        super().__init__(
            f"Images, labels and questions do not pair up by name ({counts}). "
            f"Without a partner: {', '.join(unpaired[:3])}{more}. {advice}"
        )


class BenchmarkEmptyError(BenchmarkError):
    """Nothing is left to ask."""

    def __init__(self, *, benchmark: str, split: str) -> None:
        super().__init__(f"{benchmark} has no question in the split {split} here.")


class RunLengthsInvalidError(EvaluationError):
    """Run lengths do not describe a mask; the text says why, without saying which."""


class PredictionsError(EvaluationError):
    """Another system's masks cannot be scored."""


class PredictionsUnreadableError(PredictionsError):
    """The folder or file holds no masks in a form that is read."""

    def __init__(self, *, name: str, problem: str) -> None:
        super().__init__(
            f"The predictions {name} cannot be used: {problem}. "
            "Please give a folder of PNG masks, or COCO run lengths as JSON."
        )


class PredictionMissingError(PredictionsError):
    """Some questions have no mask."""

    def __init__(self, *, missing: int, total: int, first: str) -> None:
        super().__init__(
            f"{missing:,} of {total:,} questions have no mask among the predictions; the first is {first}. "
            "An empty answer is an empty mask, not a missing one."
        )


class PredictionSizeError(PredictionsError):
    """A mask has another size than its image."""

    def __init__(self, *, name: str, found: tuple[int, int], wanted: Sequence[tuple[int, int]]) -> None:
        sizes = " or ".join(f"{width} x {height}" for height, width in wanted)
        super().__init__(
            f"The predicted mask {name} is {found[1]} x {found[0]} pixels; {sizes} is expected. "
            "Please write masks at their image's own size."
        )


class RunMismatchError(EvaluationError):
    """The results folder holds a run with other settings."""

    def __init__(self, *, folder: str, differing: Sequence[str]) -> None:
        super().__init__(
            f"The folder {folder} holds results of another run (different: {', '.join(differing)}). "
            "Please give another folder with --out, or delete this one."
        )
