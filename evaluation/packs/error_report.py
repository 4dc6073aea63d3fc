"""Where a model fails: figures by class, kind, size and source, and its best and worst answers as pictures."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.contact_sheet import Cell, draw_sheet, save_sheet
from evaluation.overlays import paint_answer
from evaluation.packs.gallery import describe_score
from evaluation.packs.pack import Pack
from evaluation.packs.quality_page import write_errors
from evaluation.packs.report import ScoredQuestion
from evaluation.pictures import read_rgb
from evaluation.run_lengths import RunLengths, decode_run_lengths

PAGE = "report.md"
SHOWN = 12
_MAX_BYTES = 600_000
_PER_CLASS = 3


@dataclass(frozen=True)
class Extremes:
    """Answers that say most about a model, none of two about one image.

    Attributes:
        best: of the highest IoU, best first.
        worst: of the lowest, those whose targets cover most first.
        false_alarms: something was marked where nothing was to be, in the order of the questions.
    """

    best: tuple[ScoredQuestion, ...]
    worst: tuple[ScoredQuestion, ...]
    false_alarms: tuple[ScoredQuestion, ...]


def choose_extremes(scored: Sequence[ScoredQuestion], *, sources: Collection[str] | None = None) -> Extremes:
    """Return at most 12 answers of each sort, at most 3 of them about one class.

    Args:
        scored: of a split.
        sources: only images of these may be shown; None for all.
    """
    shown = [one for one in scored if sources is None or one.question.source in sources]
    present = [one for one in shown if not one.score.is_target_empty]
    wrong = [one for one in shown if one.score.is_target_empty and not one.score.is_rightly_empty]
    return Extremes(
        best=_spread(sorted(present, key=lambda one: -one.score.agreement.iou)),
        # To a percent: of answers that miss altogether, the large targets are the ones that should not be missed.
        worst=_spread(sorted(present, key=lambda one: (round(one.score.agreement.iou, 2), -one.target_share))),
        false_alarms=_spread(wrong),
    )


def write_error_report(
    folder: Path,
    pack: Pack,
    extremes: Extremes,
    answers: Mapping[str, RunLengths],
    report: Mapping[str, Any],
) -> Path:
    """Write report.md with its sheets of pictures and return its path.

    Args:
        folder: where they are put; made if need be.
        pack: where images and targets come from.
        extremes: what to show.
        answers: question id -> the mask that answered, at least for those that are shown.
        report: figures of `evaluation.packs.report.report_scores`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "best": ("The best answers", extremes.best),
        "worst": ("The worst answers", extremes.worst),
        "false_alarms": ("Marked where there was nothing", extremes.false_alarms),
    }
    lines = [f"# Where the model fails, split {report['split']}", "", write_errors([report]), ""]
    lines += ["Green: right. Yellow: missed. Orange: too much.", ""]
    for name, (title, chosen) in sheets.items():
        picture = folder / f"{name}.png"
        picture.unlink(missing_ok=True)
        if chosen:
            cells = [_draw(pack, one, answers[one.question.id]) for one in chosen]
            save_sheet(draw_sheet(cells, columns=3, side=168), picture, max_bytes=_MAX_BYTES)
            lines += [f"## {title}", "", f"![{title}]({picture.name})", ""]
    path = folder / PAGE
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _spread(scored: Sequence[ScoredQuestion]) -> tuple[ScoredQuestion, ...]:
    """Return the first of each image, at most so many of a class and in all."""
    chosen: list[ScoredQuestion] = []
    images: set[str] = set()
    of_class: dict[str, int] = {}
    for one in scored:
        question = one.question
        if question.image in images or of_class.get(question.class_name, 0) == _PER_CLASS:
            continue
        images.add(question.image)
        of_class[question.class_name] = of_class.get(question.class_name, 0) + 1
        chosen.append(one)
    return tuple(chosen[:SHOWN])


def _draw(pack: Pack, one: ScoredQuestion, answer: RunLengths) -> Cell:
    rgb = read_rgb(pack.image_path(one.question))
    predicted, target = decode_run_lengths(answer), pack.load_target(one.question)
    painted = paint_answer(rgb, target, predicted)
    return Cell((rgb, painted), f"“{one.question.question}” {describe_score(predicted, target)}")
