"""What can go wrong while training; `str(error)` is the sentence a person reads.

TrainingError
├── ExperimentInvalidError          the experiment's file is not in the form
├── ExperimentChangedError          a run that goes on was begun with another experiment
├── DescriptionsMissingError        a run that goes on lacks the descriptions it was begun with
├── StartUnusableError              the weights to start from are missing or do not fit
└── TrainingDataError               images, masks or questions cannot be used
"""


class TrainingError(Exception):
    """Root of every error that this package raises on purpose."""


class ExperimentInvalidError(TrainingError):
    """The experiment's file is not in the form."""


class ExperimentChangedError(TrainingError):
    """A run that goes on was begun with another experiment."""


class DescriptionsMissingError(TrainingError):
    """A run that goes on lacks the descriptions it was begun with."""


class StartUnusableError(TrainingError):
    """The weights to start from are missing or do not fit."""


class TrainingDataError(TrainingError):
    """Images, masks or questions cannot be used."""
