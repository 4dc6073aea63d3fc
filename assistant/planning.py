"""How a question is answered: what the model is asked, which exact operations follow, which other things they need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.applying import apply_operations
from assistant.operations import Operation, name_others
from assistant.routing.decomposition import decompose, name_class
from serving.mask import Mask
from serving.prediction import Prediction

# "The ship near the largest tank left of the pier" is three deep; deeper questions go to the model as they are.
DEEPEST = 3

Ask = Callable[[str], Prediction]  # a question to the model, answered


@dataclass(frozen=True)
class Plan:
    """What to ask the model, and what to do with its mask.

    Attributes:
        question: for the model.
        subject: what it asks for, in words; None where the question is put as it was typed.
        operations: done with the mask, in order; none where the question is put as it was typed.
    """

    question: str
    subject: str | None
    operations: tuple[Operation, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A question answered by a plan.

    Attributes:
        plan: what was done.
        prediction: the model's answer to the plan's question.
        mask: what the operations made of its mask.
        missing: the other things that operations needed and the model did not find.
        seconds: stage -> seconds over all that was asked.
    """

    plan: Plan
    prediction: Prediction
    mask: Mask
    missing: tuple[str, ...]
    seconds: Mapping[str, float]


def plan_question(text: str) -> Plan:
    """Return how `text` is answered: all of a class and exact operations where it says so, else as it is."""
    parts = decompose(text)
    if parts is None:
        return Plan(question=text, subject=None, operations=())
    return Plan(question=parts.class_question, subject=parts.class_name, operations=parts.operations)


def carry_out(plan: Plan, ask: Ask, *, depth: int = 0) -> Outcome:
    """Ask the model what `plan` needs and do its operations.

    Raises:
        ScaleUnknownError: an operation gives metres and the image has no scale.
        ServingError: whatever the model raises.
    """
    prediction = ask(plan.question)
    others, seconds = find_others(plan.operations, ask, depth=depth)
    mask = apply_operations(prediction.mask, plan.operations, others)
    return Outcome(
        plan=plan,
        prediction=prediction,
        mask=mask,
        missing=tuple(name for name, other in others.items() if other.pixel_count == 0),
        seconds=add_seconds(prediction.seconds, seconds),
    )


def find_others(
    operations: tuple[Operation, ...], ask: Ask, *, depth: int = 0
) -> tuple[Mapping[str, Mask], Mapping[str, float]]:
    """Return the masks that `operations` name, each found as a question of its own, and the seconds that it took."""
    others: dict[str, Mask] = {}
    seconds: Mapping[str, float] = {}
    for name in name_others(operations):
        outcome = carry_out(plan_thing(name, compound=depth < DEEPEST), ask, depth=depth + 1)
        others[name] = outcome.mask
        seconds = add_seconds(seconds, outcome.seconds)
    return others, seconds


def plan_thing(name: str, *, compound: bool = True) -> Plan:
    """Return how the thing that an operation names is found."""
    plan = plan_question(name) if compound else None
    if plan is not None and plan.operations:
        return plan
    subject = name_class(name)
    return Plan(question=f"Segment all the {subject}.", subject=subject, operations=())


def add_seconds(first: Mapping[str, float], second: Mapping[str, float]) -> Mapping[str, float]:
    """Return the seconds of each stage, those of both added."""
    return {name: first.get(name, 0.0) + second.get(name, 0.0) for name in dict.fromkeys([*first, *second])}


def blend_confidence(confidence: NDArray[np.uint8], before: Mask, after: Mask) -> NDArray[np.uint8]:
    """Return the confidence that goes with `after`: what exact operations took away or added is certain.

    Args:
        confidence: of `before`, uint8 (H, W), in 255ths.
        before: the model's mask.
        after: what operations made of it.
    """
    taken = before.pixels & ~after.pixels
    added = after.pixels & ~before.pixels
    blended: NDArray[np.uint8] = np.where(taken, 0, np.where(added, 255, confidence)).astype(np.uint8)
    return blended
