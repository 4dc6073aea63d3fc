"""Answers of a system on a benchmark, and the published figures from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.masks.agreement import Agreement
from evaluation.metrics import THRESHOLDS, Score, ciou, empty_accuracy, giou, precision_at
from evaluation.run_lengths import RunLengths, measure_pairwise_iou


@dataclass(frozen=True)
class AnswerKey:
    """Which question of which sample; questions count from 1."""

    sample_id: str
    number: int


@dataclass(frozen=True)
class Answer:
    """How one answer compares with its target, on the scoring grid.

    Attributes:
        key: sample and number of the question.
        group: the sample's group.
        question: the words.
        intersection_px: pixels marked and asked for.
        union_px: pixels marked or asked for.
        target_px: pixels asked for.
        predicted_px: pixels marked.
        is_label_resized: the label has another size than the image; on the square both are letterboxed alone, as in
            the released evaluation.
    """

    key: AnswerKey
    group: str
    question: str
    intersection_px: int
    union_px: int
    target_px: int
    predicted_px: int
    is_label_resized: bool = False

    @property
    def score(self) -> Score:
        """What the metrics are computed from."""
        return Score(Agreement(self.intersection_px, self.union_px), is_target_empty=self.target_px == 0)

    @property
    def iou(self) -> float:
        """Intersection over union, 0..1; 1 where nothing is asked for and nothing marked."""
        return self.score.agreement.iou


def summarise_answers(answers: Sequence[Answer]) -> dict[str, object]:
    """Return n, gIoU, cIoU, precision at 0.5..0.9 and empty accuracy, each 0..1, ready for JSON."""
    scores = [answer.score for answer in answers]
    return {
        "n": len(scores),
        "gIoU": giou(scores),
        "cIoU": ciou(scores),
        "precision_at": {str(threshold): precision_at(scores, threshold) for threshold in THRESHOLDS},
        "empty_targets": sum(score.is_target_empty for score in scores),
        "empty_accuracy": empty_accuracy(scores),
        "labels_of_another_size": sum(answer.is_label_resized for answer in answers),
    }


def measure_consistency(answers: Iterable[Answer], masks: Mapping[AnswerKey, RunLengths]) -> tuple[float | None, int]:
    """Return how far answers to different words for the same target agree, and on how many targets that was seen.

    It is the mean over targets of the mean IoU over all pairs of answers; None where no target was asked for twice.
    It says nothing on whether the answers are right.
    """
    groups: dict[str, list[RunLengths]] = {}
    for answer in answers:
        groups.setdefault(answer.group, []).append(masks[answer.key])
    agreements = [measure_pairwise_iou(group) for group in groups.values() if len(group) > 1]
    return (sum(agreements) / len(agreements) if agreements else None), len(agreements)
