"""What can go wrong while measuring; `str(error)` is the sentence a person reads.

EvaluationError
├── GoldenCaseError                 a golden case is missing, damaged or incomplete
└── PackError                       a folder of questions and targets cannot be measured on
    ├── PackMissingError            a file of it is not there
    ├── PackUnreadableError         a line, a mask or an annotation is not in the form
    └── PackEmptyError              nothing is left to ask
"""


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
