"""Back and forth among the answers of a conversation, its branches, and the comparison of two masks.

Escaped like `message_html.py`.
"""

from collections.abc import Sequence

from markupsafe import Markup

from assistant.conversation import Message, Role
from assistant.conversation_tree import ConversationTree
from assistant.making import Pointed
from assistant.moves import count_steps, find_answers
from assistant.wording import describe_operations
from ui.folding import Shown, describe_changes
from ui.icons import BACKWARD, CLOSE, COMPARE, FORWARD, PENCIL, REDO, RESET, UNDO
from ui.overlay_html import shorten_label


def render_moves(tree: ConversationTree) -> Markup:
    """Return the buttons below a conversation: undo, redo, start over, compare; nothing where there is no answer."""
    steps = count_steps(tree)
    if steps.back + steps.forward == 0:
        return Markup("")
    buttons = [
        Markup(
            '<button type="button" class="quiet" data-action="move" data-kind="{kind}" title="{hint}"{disabled}>'
            "{icon}<span>{label}</span></button>"
        ).format(
            kind=kind,
            hint=hint,
            icon=icon,
            label=label,
            disabled="" if is_possible else Markup(" disabled"),
        )
        for kind, icon, label, hint, is_possible in (
            ("undo", UNDO, "Undo", "Back to the answer before (u)", steps.back > 0),
            ("redo", REDO, "Redo", "Forth to the answer after (y)", steps.forward > 0),
            ("reset", RESET, "Start over", "Back to the beginning; nothing is lost", steps.back > 0),
        )
    ]
    return Markup('<div class="moves" role="group" aria-label="Back and forth">{}{}</div>').format(
        Markup("").join(buttons), _render_compare(tree)
    )


def render_branches(tree: ConversationTree, message: Message) -> Markup:
    """Return the switch among the questions that stand in this one's place, and the way to edit it."""
    siblings = [one for one in tree.siblings_of(message.id) if one.role is Role.USER]
    places = [one.id for one in siblings]
    switch = Markup("")
    if len(places) > 1 and message.id in places:
        here = places.index(message.id)
        switch = Markup(
            '<span class="branch-switch" role="group" aria-label="Versions of this question">{}<span>{} / {}</span>{}'
            "</span>"
        ).format(
            _render_switch(places[here - 1] if here > 0 else None, BACKWARD, "Earlier version"),
            here + 1,
            len(places),
            _render_switch(places[here + 1] if here + 1 < len(places) else None, FORWARD, "Later version"),
        )
    edit = Markup(
        '<button type="button" class="icon-button" data-action="edit-question" data-message="{}" data-text="{}" '
        'aria-label="Edit this question" title="Ask it differently, on a branch of its own">{}</button>'
    ).format(message.id, message.text, PENCIL)
    if not message.text or message.mask_parents:
        edit = Markup("")
    return Markup('<p class="branches">{}{}</p>').format(switch, edit) if switch or edit else Markup("")


def render_by_hand(shown: Shown, tree: ConversationTree | None, *, can_undo: bool) -> Markup:
    """Return the line that says what was done by hand, with the way back and to other branches."""
    if not shown.changes:
        return Markup("")
    undo = Markup(
        '<button type="button" class="quiet" data-action="move" data-kind="undo" title="Take the last one back (u)">'
        "{}<span>Undo</span></button>"
    ).format(UNDO)
    switches = [] if tree is None else [render_branches(tree, change.wish) for change in reversed(shown.changes)]
    return Markup('<div class="by-hand"><span>By hand: {}</span>{}{}</div>').format(
        describe_changes(shown.changes), undo if can_undo else "", next(filter(None, switches), "")
    )


def render_branch_dialogs() -> Markup:
    """Return the dialogs of this file, closed: the edited question, and the comparison."""
    return Markup(
        '<dialog id="edit-dialog" class="dialog" aria-labelledby="edit-title">'
        '<h2 id="edit-title">Ask this differently</h2>'
        '<label class="field"><span>The answer comes on a branch of its own; this one stays.</span>'
        '<textarea rows="3" maxlength="2000"></textarea></label>'
        '<div class="dialog-actions"><button type="button" class="quiet" data-action="close-dialog">Cancel</button>'
        '<button type="button" class="prominent" data-action="confirm-edit">Ask</button></div></dialog>'
        '<dialog id="compare-dialog" class="dialog is-wide" aria-labelledby="compare-title">'
        '<div class="compare-head"><h2 id="compare-title">Compare two answers</h2>'
        '<button type="button" class="icon-button" data-action="close-dialog" aria-label="Close the comparison">{close}'
        "</button></div>"
        '<div class="compare-choice">'
        '<label class="field"><span>Before</span><select data-slot="before"></select></label>'
        '<label class="field"><span>After</span><select data-slot="after"></select></label></div>'
        '<div class="compare-stage" data-slot="stage"></div>'
        '<p class="compare-words" data-slot="words" role="status"></p>'
        '<div class="compare-legend"><span><i class="is-added"></i>added</span>'
        '<span><i class="is-removed"></i>removed</span><span><i class="is-unchanged"></i>unchanged</span>'
        '<label class="slider"><span>Swipe</span><input type="range" min="0" max="100" value="0" data-control="swipe">'
        "</label></div></dialog>"
    ).format(close=CLOSE)


def _render_switch(message_id: str | None, icon: Markup, label: str) -> Markup:
    return Markup(
        '<button type="button" class="icon-button" data-action="switch-branch" data-message="{}" aria-label="{}"{}>{}'
        "</button>"
    ).format(message_id or "", label, Markup(" disabled") if message_id is None else "", icon)


def _render_compare(tree: ConversationTree) -> Markup:
    """Return the button that compares answers about the latest answer's image; none where there is only one."""
    path = find_answers(tree.path_to(tree.pointer_id))
    if not path or path[-1].image is None:
        return Markup("")
    image = path[-1].image
    answers = [one for one in find_answers(tree.messages) if one.image is not None and one.image.digest == image.digest]
    if len(answers) < 2:
        return Markup("")
    before = _find_before(answers, path)
    options = [
        Markup('<option value="{}">{}. {}</option>').format(one.id, number, _label(one))
        for number, one in enumerate(answers, start=1)
    ]
    return Markup(
        '<button type="button" class="quiet" data-action="compare" data-before="{before}" data-after="{after}" '
        'data-width="{width}" data-height="{height}" title="What changed between two answers">'
        "{icon}<span>Compare</span></button><template>{options}</template>"
    ).format(
        before=before.id,
        after=path[-1].id,
        width=image.grid.width,
        height=image.grid.height,
        icon=COMPARE,
        options=Markup("").join(options),
    )


def _find_before(answers: Sequence[Message], path: Sequence[Message]) -> Message:
    """Return the answer before the last one of the path, or any other where there is none."""
    others = [one for one in answers if one.id != path[-1].id]
    on_path = {one.id for one in path}
    return next((one for one in reversed(others) if one.id in on_path), others[-1])


def _label(answer: Message) -> str:
    """Return what tells an answer from the others: its steps, or its question."""
    if isinstance(answer.making, Pointed):
        return shorten_label(answer.text)
    return shorten_label(describe_operations(answer.operations) or answer.question or answer.text)
