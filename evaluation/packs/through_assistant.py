"""Put a pack's questions to the whole product: what the model is asked, and exact operations on its masks.

Beside the model there is an oracle that finds every class as annotated: what routing could reach at best, without
the seconds of a model.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.interfaces import Engine
from assistant.planning import carry_out, plan_question
from assistant.routing.decomposition import name_class
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import Segmenter, refer_to_file
from serving.cancellation import Cancellation
from serving.mask import Mask
from serving.prediction import Prediction

_CLASS_QUESTION = "Segment all the {}."
# The template of the pack that holds nothing but the name of the class: "all the airplanes".
_NAME_TEMPLATE = "refer14"


class Through(StrEnum):
    """What a question goes through before it is scored."""

    MODEL = "model"
    ASSISTANT = "assistant"
    ORACLE = "oracle"


def segment_through_assistant(engine: Engine) -> Segmenter:
    """Return a segmenter that plans each question as a turn does, and asks `engine` what the plan needs."""

    def segment(path: Path, questions: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        image = refer_to_file(path)
        answered: dict[str, Prediction] = {}

        def ask(question: str) -> Prediction:
            # Several questions on one image come down to the same class.
            if question not in answered:
                answered[question] = engine.segment(
                    image, question, cancellation=Cancellation(), report_stage=lambda _: None
                )
            return answered[question]

        for question in questions:
            yield carry_out(plan_question(question), ask).mask.pixels

    return segment


def segment_through_oracle(pack: Pack, questions: Sequence[PackQuestion]) -> Segmenter:
    """Return a segmenter that plans each question as a turn does, and finds every class as annotated.

    A question that is not taken apart is answered with all of its class, so that the figures show what is gained.

    Args:
        pack: where annotations come from.
        questions: all of the pack, train too: they tell what the classes are called and what images hold.
    """
    names = _name_classes(questions)
    wholes: dict[tuple[str, str], PackQuestion] = {}
    asked: dict[tuple[Path, str], str] = {}
    for question in questions:
        asked[pack.image_path(question), question.question] = question.class_name
        if question.kind in ("class", "count", "implicit"):
            wholes[question.image, question.class_name] = question
    by_path = {pack.image_path(question): question.image for question in questions}

    def segment(path: Path, texts: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        grid = refer_to_file(path).grid

        def find_class(class_name: str) -> Prediction:
            whole = wholes.get((by_path[path], class_name))
            pixels = np.zeros((grid.height, grid.width), np.bool_) if whole is None else pack.load_target(whole)
            logits = np.where(pixels, np.float32(1), np.float32(-1))
            return Prediction(Mask(pixels, grid), logits, 1.0, bool(pixels.any()), {}, "annotations")

        for text in texts:
            plan = plan_question(text)
            class_asked = asked[path, text]

            def ask(question: str, main: str = plan.question, class_asked: str = class_asked) -> Prediction:
                return find_class(class_asked if question == main else names.get(_read_class(question), ""))

            yield carry_out(plan, ask).mask.pixels

    return segment


def _name_classes(questions: Sequence[PackQuestion]) -> dict[str, str]:
    """Return plural noun -> class, from the questions that consist of the class's name alone."""
    return {
        name_class(question.question): question.class_name
        for question in questions
        if question.template == _NAME_TEMPLATE
    }


def _read_class(text: str) -> str:
    before, after = _CLASS_QUESTION.split("{}")
    return text.removeprefix(before).removesuffix(after)
