"""`segearth segment`: answer questions about one image."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from assistant.facts import Facts
from assistant.interfaces import Engine
from assistant.measuring import measure_facts
from assistant.operation_json import to_rows
from assistant.planning import Outcome, Plan, carry_out, plan_question
from assistant.refined_answering import describe_outcome
from assistant.stages import to_stage
from serving.cancellation import Cancellation
from serving.errors import QuestionEmptyError
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.imagery.rendering import load_rendering
from serving.mask import Mask
from serving.model_choice import ModelChoice
from serving.prediction import Prediction
from storage.exports.png import mask_png, overlay_png
from ui.cli.errors import OutputUnusableError
from ui.cli.model_options import (
    BackendOption,
    DataParallelOption,
    ModelOption,
    PrecisionOption,
    QuantisationOption,
    TensorParallelOption,
)
from ui.cli.reporting import print_json, speak_errors

OVERLAY_COLOUR = (255, 122, 31)  # as on the page: orange stands out from green, brown, grey and blue


@dataclass(frozen=True)
class Outputs:
    """Where the pictures go.

    Attributes:
        mask: file for the mask as PNG, white where the thing asked for is; None for no file.
        overlay: file for the image with the mask over it; None for no file.
    """

    mask: Path | None
    overlay: Path | None

    def numbered(self, number: int) -> "Outputs":
        """Return the files of question `number`, counted from 1: mask.png, mask-2.png, mask-3.png, ..."""
        return Outputs(_number(self.mask, number), _number(self.overlay, number))

    def check(self, image: Path) -> None:
        """Raise `OutputUnusableError` if a file cannot be meant, before any work is done."""
        for path in filter(None, (self.mask, self.overlay)):
            if path.suffix.lower() != ".png":
                raise OutputUnusableError(path, reason="the picture is a PNG, so its name has to end in .png")
            if not path.parent.is_dir():
                raise OutputUnusableError(path, reason=f"there is no folder {path.parent}")
            if path.is_dir() or (path.exists() and path.samefile(image)):
                raise OutputUnusableError(path, reason="it would replace something else")
        if self.mask is not None and self.mask == self.overlay:
            raise OutputUnusableError(self.mask, reason="mask and overlay would be one file")


@dataclass(frozen=True)
class Answer:
    """One answered question.

    Attributes:
        question: what was asked.
        outcome: what the model says, and what exact operations made of it.
        facts: measured from the outcome's mask.
        seconds: stage -> seconds, and the whole turn as "total".
        outputs: the files that were written.
    """

    question: str
    outcome: Outcome
    facts: Facts
    seconds: dict[str, float]
    outputs: Outputs

    @property
    def text(self) -> str:
        """The answer in words."""
        return " ".join(describe_outcome(self.question, self.outcome, self.facts, self.outcome.mask.grid))

    def to_row(self) -> dict[str, object]:
        """Return what --json prints."""
        grid = self.outcome.mask.grid
        return {
            "question": self.question,
            "asked": self.outcome.plan.question,
            "operations": to_rows(self.outcome.plan.operations),
            "found": self.facts.pixel_count > 0,
            "score": round(self.outcome.score, 4),
            "pixels": self.facts.pixel_count,
            "count": self.facts.count,
            "share": self.facts.share,
            "position": self.facts.position,
            "area_m2": self.facts.area_m2,
            "width": grid.width,
            "height": grid.height,
            "mask": None if self.outputs.mask is None else str(self.outputs.mask),
            "overlay": None if self.outputs.overlay is None else str(self.outputs.overlay),
            "text": self.text,
            "seconds": {stage: round(spent, 4) for stage, spent in self.seconds.items()},
            "model_digest": self.outcome.prediction.model_digest,
        }


def add_segment_command(
    app: typer.Typer,
    *,
    default_model: ModelChoice,
    open_engine: Callable[[ModelChoice], AbstractContextManager[Engine]],
    limits: ImageLimits,
) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        default_model: what answers unless told otherwise.
        open_engine: loads a model; left when the command ends.
        limits: how much image is taken in.
    """

    @app.command()
    def segment(
        image: Annotated[Path, typer.Argument(help="PNG, JPEG, WebP, TIFF or GeoTIFF.", show_default=False)],
        question: Annotated[str, typer.Argument(help="What to mark, in plain words.", show_default=False)],
        out: Annotated[
            Path | None, typer.Option(help="Write the mask here, as PNG; white is the thing asked for.")
        ] = None,
        overlay: Annotated[
            Path | None, typer.Option(help="Write the image with the mask over it here, as PNG.")
        ] = None,
        also: Annotated[
            list[str] | None,
            typer.Option(help="A further question on the same image; may be given often. Its files get a number."),
        ] = None,
        alone: Annotated[
            bool,
            typer.Option(
                "--alone", help="Put the question to the model as it is; otherwise “the largest ship” is taken apart."
            ),
        ] = False,
        repeat: Annotated[int, typer.Option(min=1, help="Ask each question so often, to see warm timings.")] = 1,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout for each answer.")] = False,
        model: ModelOption = None,
        dtype: PrecisionOption = None,
        quantize: QuantisationOption = None,
        backend: BackendOption = None,
        tensor_parallel: TensorParallelOption = None,
        data_parallel: DataParallelOption = None,
    ) -> None:
        """Answer a question about an image with a mask."""
        with speak_errors(as_json=as_json), tempfile.TemporaryDirectory() as folder:
            questions = [question, *(also or [])]
            outputs = Outputs(out, overlay)
            if not all(text.strip() for text in questions):
                raise QuestionEmptyError
            # All that can be refused without the model is refused before it is loaded.
            started = perf_counter()
            ref = take_in_image(image, rendering_folder=Path(folder), limits=limits)
            admit_s = perf_counter() - started
            outputs.check(image)
            with open_engine(
                default_model.changed(model, dtype, quantize, backend).spread(tensor_parallel, data_parallel)
            ) as engine:
                report_stage = _ignore_stage if as_json else _print_stage
                plans = [Plan(text, None, ()) if alone else plan_question(text) for text in questions]
                for answer in answer_questions(
                    engine, ref, questions, plans, outputs, repeat=repeat, admit_s=admit_s, report_stage=report_stage
                ):
                    print_json(answer.to_row()) if as_json else _print_answer(answer)


def answer_questions(
    engine: Engine,
    image: ImageRef,
    questions: Sequence[str],
    plans: Sequence[Plan],
    outputs: Outputs,
    *,
    repeat: int,
    admit_s: float,
    report_stage: Callable[[str], None],
) -> Iterator[Answer]:
    """Ask each question `repeat` times, in order, write its files once, and yield each answer as it comes.

    Args:
        engine: answers.
        image: an admitted image.
        questions: at least one.
        plans: how each is answered.
        outputs: files of the first question; the others get numbers.
        repeat: at least 1.
        admit_s: seconds that admission and rendering took; counted to the first answer as "admit".
        report_stage: called with each stage's name as it begins.
    """
    waiting = {"admit": admit_s}

    def ask(question: str) -> Prediction:
        return engine.segment(image, question, cancellation=Cancellation(), report_stage=report_stage)

    for number, (question, plan) in enumerate(zip(questions, plans, strict=True), start=1):
        files = outputs.numbered(number)
        for turn in range(repeat):
            started = perf_counter()
            outcome = carry_out(plan, ask)
            measuring = perf_counter()
            facts = measure_facts(outcome.mask)
            ended = perf_counter()
            seconds = waiting | dict(outcome.seconds) | {"measure": ended - measuring}
            seconds["total"] = ended - started + sum(waiting.values())
            waiting = {}
            if turn == 0:
                write_pictures(image, outcome.mask, files)
            yield Answer(question, outcome, facts, seconds, files)


def write_pictures(image: ImageRef, mask: Mask, outputs: Outputs) -> None:
    """Write the files that were asked for.

    Raises:
        OutputUnusableError: the disk or the folder refuses.
    """
    if outputs.mask is not None:
        _write(outputs.mask, mask_png(mask))
    if outputs.overlay is not None:
        _write(outputs.overlay, overlay_png(load_rendering(image), mask, OVERLAY_COLOUR))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputUnusableError(path, reason=error.strerror or "the disk refuses it") from error


def _number(path: Path | None, number: int) -> Path | None:
    return path if path is None or number == 1 else path.with_stem(f"{path.stem}-{number}")


def _ignore_stage(stage: str) -> None:
    """Programs read the seconds instead."""


def _print_stage(stage: str) -> None:
    typer.echo(f"{to_stage(stage).sentence} ...", err=True)


def _print_answer(answer: Answer) -> None:
    typer.echo(answer.text)
    for path in filter(None, (answer.outputs.mask, answer.outputs.overlay)):
        typer.echo(f"  written: {path}")
    typer.echo(f"  {answer.seconds['total']:.2f} s, model {answer.outcome.prediction.model_digest[:12]}", err=True)
