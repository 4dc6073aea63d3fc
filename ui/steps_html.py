"""The steps that made a mask, as chips: each can be changed, moved and taken out; escaped like `message_html.py`.

A chip carries its form in a `<template>`; `assets/steps.js` shows it in a dialog and reports what was decided.
"""

from collections.abc import Sequence

from markupsafe import Markup

from assistant.operation_fields import FieldKind, OperationField, list_fields
from assistant.operations import Operation, RepeatInImage, Threshold
from assistant.wording import describe_operation
from ui.icons import CLOSE


def render_steps(message_id: str, operations: Sequence[Operation]) -> Markup:
    """Return the chips of a mask, in the order in which the steps were taken; nothing where there were none.

    Args:
        message_id: the answer that they belong to.
        operations: what was done with the mask before.
    """
    if not operations:
        return Markup("")
    chips = [_render_step(index, operation, operations) for index, operation in enumerate(operations)]
    return Markup('<ol class="steps" data-steps="{}" aria-label="Steps to this mask">{}</ol>').format(
        message_id, Markup("").join(chips)
    )


def can_move(operations: Sequence[Operation], index: int, to: int) -> bool:
    """Return whether a step can take the place of another: a threshold begins anew, so that it stays in front."""
    if not (0 <= index < len(operations) and 0 <= to < len(operations)) or index == to:
        return False
    return not any(isinstance(operations[place], Threshold | RepeatInImage) for place in (index, to))


def _render_step(index: int, operation: Operation, operations: Sequence[Operation]) -> Markup:
    words = describe_operation(operation)
    return Markup(
        '<li class="step" data-step="{index}"{draggable}>'
        '<button type="button" class="step-words" data-action="edit-step" aria-haspopup="dialog" '
        'title="Change this step">{words}</button>'
        '<button type="button" class="step-remove" data-action="remove-step" aria-label="Remove “{words}”" '
        'title="Remove this step">{icon}</button>'
        "<template>{fields}</template></li>"
    ).format(
        index=index,
        draggable=Markup(' draggable="true"') if _is_movable(operations, index) else "",
        words=words,
        icon=CLOSE,
        fields=_render_form(index, operation, operations),
    )


def _is_movable(operations: Sequence[Operation], index: int) -> bool:
    return any(can_move(operations, index, to) for to in range(len(operations)))


def _render_form(index: int, operation: Operation, operations: Sequence[Operation]) -> Markup:
    listed = [_render_field(field) for field in list_fields(operation)]
    if not listed:
        listed = [Markup('<p class="step-plain">{}</p>').format(describe_operation(operation))]
    moves = [
        Markup('<button type="button" class="quiet" data-action="move-step" data-to="{}">{}</button>').format(to, words)
        for to, words in ((index - 1, "Do it earlier"), (index + 1, "Do it later"))
        if can_move(operations, index, to)
    ]
    return Markup('<div class="step-fields">{}</div><p class="step-moves">{}</p>').format(
        Markup("").join(listed), Markup("").join(moves)
    )


def _render_field(field: OperationField) -> Markup:
    match field.kind:
        case FieldKind.CHOICE:
            options = [
                Markup('<option value="{}"{}>{}</option>').format(
                    value, Markup(" selected") if value == field.value else "", words
                )
                for value, words in field.choices
            ]
            control = Markup('<select name="{}">{}</select>').format(field.path, Markup("").join(options))
        case FieldKind.WORDS:
            control = Markup('<input type="text" name="{}" value="{}" maxlength="200" autocomplete="off">').format(
                field.path, field.value
            )
        case FieldKind.NUMBER | FieldKind.WHOLE:
            control = Markup('<input type="number" name="{}" value="{}" min="{}" step="{}"{}>').format(
                field.path,
                field.value,
                1 if field.kind is FieldKind.WHOLE else 0,
                1 if field.kind is FieldKind.WHOLE else "any",
                Markup(' placeholder="no limit"') if field.may_be_empty else Markup(" required"),
            )
    return Markup('<label class="field"><span>{}</span>{}</label>').format(field.label, control)
