"""An engine on a GPU that Hugging Face ZeroGPU lends for one call at a time.

A call runs in a process that `spaces` forks off this one and allows onto a GPU. Only that process may touch CUDA, so
the model is loaded there, at its first call; the modules it needs are imported before, in the parent. What goes through
the pipe between the two is data: the call, its stages' names, its prediction, or the kind and sentence of its error.
`spaces` must be imported before the page is launched, where it tells ZeroGPU that the Space is ready.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import gradio as gr
import spaces

from assistant.interfaces import Engine
from assistant.staged_work import run_staged
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.errors import GpuNotLentError, LanguageUnavailableError, ServingError
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction

# Asked for with each call and counted against the visitor's day; a call that takes longer is ended.
CALL_LIMIT_S = 60


@dataclass(frozen=True)
class Refusal:
    """An error of ours on its way from the process that holds the GPU.

    Attributes:
        kind: its class.
        sentence: its text.
    """

    kind: type[ServingError]
    sentence: str

    def to_error(self) -> ServingError:
        """Return the error; its own constructor takes facts that are not known any more."""
        return self.kind.__new__(self.kind, self.sentence)


class ZeroGpuEngine:
    """Implements `assistant.interfaces.Engine`; each call borrows a GPU.

    Args:
        load: loads the model onto the GPU; called in the process that holds it, once for as long as that lives.
        model_digest: SHA-256 of the weights that `load` loads.
    """

    def __init__(self, load: Callable[[], Engine], *, model_digest: str) -> None:
        self._load = load
        self._model_digest = model_digest
        self._loaded: Engine | None = None
        self._on_gpu = spaces.GPU(self._work, duration=CALL_LIMIT_S)

    @property
    def model_digest(self) -> str:
        """SHA-256 of the weights that answer."""
        return self._model_digest

    def segment(
        self,
        image: ImageRef,
        question: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Return the mask that answers `question`; see `assistant.interfaces.Engine`.

        Raises:
            GpuNotLentError: no GPU is free, or the visitor has used up the day's share.
            ServingError: as the engine on the GPU.
        """
        return self._ask("segment", (image, question), {}, cancellation, report_stage)

    def refine(
        self,
        image: ImageRef,
        prior: Mask | None,
        *,
        clicks: Sequence[Click],
        box: Box | None,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Return `prior`, changed as clicks and a box ask; errors as `segment`."""
        return self._ask("refine", (image, prior), {"clicks": clicks, "box": box}, cancellation, report_stage)

    def rate_meanings(self, said: str, phrases: Sequence[str], *, cancellation: Cancellation) -> Sequence[float]:
        """Refuse: ordering choices is not worth a call's share of the visitor's day.

        Raises:
            LanguageUnavailableError: always; choices then stand in the order of the rules.
        """
        raise LanguageUnavailableError("No GPU is borrowed to guess what was meant. Please pick one of the choices.")

    def _ask(
        self,
        name: str,
        arguments: tuple[object, ...],
        options: Mapping[str, object],
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Let the method `name` run on a GPU, and pass on what it yields."""
        outcome: Prediction | Refusal | None = None
        try:
            # Closing it early asks the other process to stop at its next stage.
            with closing(self._on_gpu(name, arguments, options)) as steps:
                for step in steps:
                    cancellation.raise_if_cancelled()
                    if isinstance(step, str):
                        report_stage(step)
                    else:
                        outcome = step
        except gr.Error as error:  # what `spaces` raises, written for the page
            raise GpuNotLentError(reason=str(error.message)) from error
        if isinstance(outcome, Refusal):
            raise outcome.to_error()
        assert outcome is not None, "the other process ends with an outcome or an error"
        return outcome

    def _work(
        self, name: str, arguments: tuple[object, ...], options: Mapping[str, object]
    ) -> Generator[str | Prediction | Refusal, None, None]:
        """Yield the stages of the method `name`, and its outcome; runs in the process that holds the GPU."""
        cancellation = Cancellation()

        def work(report: Callable[[str], None]) -> Prediction:
            if self._loaded is None:
                self._loaded = self._load()
            method: Callable[..., Prediction] = getattr(self._loaded, name)
            return method(*arguments, **options, cancellation=cancellation, report_stage=report)

        try:
            outcome: Prediction | Refusal = yield from run_staged(work, cancellation)
        except ServingError as error:
            outcome = Refusal(type(error), str(error))
        yield outcome
