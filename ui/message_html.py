"""Messages as safe HTML: `Markup.format` escapes each value, so what people type is always shown literally.

With the other `*_html.py` the only place that writes markup. Addresses are relative, so that the page works behind a
prefix.
No inline event handlers: `assets/page.js` listens for `data-action` and `data-control`.
"""

from collections.abc import Sequence

from markupsafe import Markup

from assistant.answering import format_area, format_share
from assistant.conversation import Message, Role, Status
from assistant.conversation_tree import ConversationTree
from assistant.events import Stage
from serving.image_ref import ImageRef
from ui.branches_html import render_branches, render_by_hand, render_moves
from ui.choices_html import render_choices
from ui.comparison_html import render_comparison
from ui.folding import Shown, fold_messages, is_wish
from ui.icons import ALERT, CHECK, COPY, IMAGE, LOGO, RETRY, STOPPED
from ui.limits import shorten_text
from ui.overlay_html import describe_image, render_ground, render_overlay, render_upload, shorten_label
from ui.steps_html import render_steps
from ui.toolbar_html import render_hand_start, render_toolbar
from ui.turns_in_flight import Progress

NO_MARKUP = Markup("")
SUGGESTED_QUESTIONS = (
    "Where are the buildings?",
    "Where is the water?",
    "Where would you look for trees?",
)


def render_transcript(
    messages: Sequence[Message], conversation_id: str, *, is_busy: bool, tree: ConversationTree | None = None
) -> Markup:
    """Return a whole conversation.

    Args:
        messages: in order, the first one first.
        conversation_id: of the messages; the script keeps it in the page's address.
        is_busy: a turn is in flight, so that a last question without an answer is not an interrupted one.
        tree: of all branches, `messages` among them; None offers no way to other branches.
    """
    parts: list[Markup] = []
    shown: ImageRef | None = None
    question: Message | None = None
    answered = {one.image.digest for one in messages if one.image is not None and one.facts is not None}
    seen = fold_messages(messages)
    if is_busy and seen and is_wish(seen[-1].message):
        seen = seen[:-1]  # the live region says what is being done
    for position, one in enumerate(seen):
        message = one.message
        is_last = position == len(seen) - 1
        if message.role is Role.USER:
            question = message
            is_new_image = message.image is not None and (shown is None or shown.digest != message.image.digest)
            is_bare = message.image is not None and message.image.digest not in answered
            branches = Markup("") if tree is None else render_branches(tree, message)
            parts.append(render_user_message(message, with_image=is_new_image, is_pointable=is_bare, branches=branches))
            shown = message.image or shown
        else:
            is_superseded = not is_last and seen[position + 1].message.role is Role.ASSISTANT
            # What was done by hand is done again by hand: its words are no question.
            can_retry = is_last and not is_busy and not one.changes and question is not None and not is_wish(question)
            parts.append(
                render_answer(
                    one,
                    retry_of=question.id if question is not None and question.text and can_retry else None,
                    is_superseded=is_superseded,
                    is_last=is_last,
                    with_suggestions=is_last and not is_busy and message.facts is None and _is_bare_image(question),
                    by_hand=render_by_hand(one, tree, can_undo=is_last and not is_busy),
                    with_choices=is_last and not is_busy,
                )
            )
    if messages and messages[-1].role is Role.USER and not is_busy:
        parts.append(_render_interrupted(messages[-1]))
    if tree is not None and not is_busy:
        parts.append(render_moves(tree))
    return Markup('<section class="turns" data-conversation="{}" aria-label="Conversation">{}</section>').format(
        conversation_id, Markup("").join(parts)
    )


def render_user_message(
    message: Message, *, with_image: bool, is_pointable: bool = False, branches: Markup = NO_MARKUP
) -> Markup:
    """Return what a person said, with the picture where it is a new one; `branches` stand below.

    Args:
        message: from the person.
        with_image: show the picture.
        is_pointable: it was asked nothing yet, and can be marked by hand.
        branches: from `render_branches`.
    """
    picture = Markup("")
    if with_image and message.image is not None:
        picture = render_upload(message.id, message.image, is_pointable=is_pointable)
    return _wrap_user(picture, message.text, below=branches)


def render_answer(
    shown: Shown,
    *,
    retry_of: str | None,
    is_superseded: bool,
    is_last: bool,
    with_suggestions: bool,
    by_hand: Markup = NO_MARKUP,
    with_choices: bool = False,
) -> Markup:
    """Return what the assistant said: picture with overlay, sentence, figures, and the bar of tools.

    Args:
        shown: a message from the assistant.
        retry_of: the question to ask again on Retry; None for no such button.
        is_superseded: another answer to the same question follows.
        is_last: nothing follows; a picture that marks nothing is shown to be pointed at.
        with_suggestions: offer questions to click, and to mark by hand.
        by_hand: what was done by hand to come to it.
        with_choices: what a question back offers can be clicked.
    """
    message = shown.message
    if message.status is not Status.COMPLETE:
        return _render_unanswered(message.text, message.status, retry_of=retry_of, is_superseded=is_superseded)
    figure = Markup("")
    if message.comparison_digest is not None and message.image is not None:
        figure = render_comparison(message, message.image, picture_of=shown.root_id)
    elif message.mask_digest is not None and message.image is not None:
        figure = render_overlay(message, message.image, picture_of=shown.root_id)
    elif message.facts is not None and message.image is not None and is_last:
        figure = render_ground(message, message.image, picture_of=shown.root_id)
    actions = _render_actions(retry_of)
    if with_suggestions:
        below = _render_suggestions() + render_hand_start(message.id)
    elif figure and message.image is not None:
        below = _render_figures(message) + render_toolbar(message, message.image, actions=actions)
    else:
        below = Markup('<footer class="answer-footer">{}{}</footer>').format(_render_figures(message), actions)
    steps = render_choices(message, is_open=with_choices) + render_steps(message.id, message.operations)
    body = Markup('{}<p class="answer-text" data-copy-source>{}</p>{}{}{}').format(
        figure, message.text, by_hand, steps, below
    )
    if figure:
        body = Markup('<div class="work" data-answer="{}" data-pointable>{}</div>').format(message.id, body)
    return _wrap_assistant(body, root_id=shown.root_id)


def render_progress(progress: Progress, *, question: str, image: ImageRef | None, is_by_hand: bool = False) -> Markup:
    """Return the turn that is in flight: the question while it is not stored, and the stages.

    A change by hand is no question: it will be seen in the answer that it changes.
    """
    mine = Markup("")
    if not progress.is_stored and not is_by_hand:
        mine = _wrap_user(_render_attachment(image) if image is not None else Markup(""), question)
    kind = " is-live is-by-hand" if is_by_hand else " is-live"
    return _wrap_live(Markup("{}{}").format(mine, _wrap_assistant(_render_stages(progress), kind=kind)))


def render_refusal(sentence: str, *, question: str, image_name: str | None) -> Markup:
    """Return a question that could not be taken in, and why; nothing of it is stored."""
    attachment = Markup("") if image_name is None else _render_chip(image_name)
    mine = _wrap_user(attachment, question) if question or image_name is not None else Markup("")
    return _wrap_live(
        Markup("{}{}").format(mine, _render_unanswered(sentence, Status.FAILED, retry_of=None, is_superseded=False))
    )


def render_no_progress() -> Markup:
    """Return the live region, silent."""
    return _wrap_live(Markup(""))


def _render_attachment(image: ImageRef) -> Markup:
    return _render_chip(describe_image(image))


def _render_chip(text: str) -> Markup:
    return Markup('<p class="attachment">{}<span>{}</span></p>').format(IMAGE, shorten_label(text))


def _render_stages(progress: Progress) -> Markup:
    done: Sequence[Stage] = progress.stages
    part = None
    if progress.is_stopping:
        current = "Stopping"
    elif progress.waiting is not None:
        current = progress.waiting.sentence
    elif progress.stages:
        done, now = progress.stages[:-1], progress.stages[-1]
        current, part = now.sentence, now.part
    else:
        current = "Starting"
    items = [
        Markup('<li class="stage is-done">{}<span>{}</span></li>').format(CHECK, sentence)
        for sentence in dict.fromkeys(stage.sentence for stage in done)
    ]
    bar = (
        Markup("")
        if part is None
        else Markup('<progress class="stage-bar" value="{}" max="{}" aria-label="{}"></progress>').format(
            part[0] - 1, part[1], current
        )
    )
    items.append(
        Markup(
            '<li class="stage is-current" aria-current="step"><span class="spinner" aria-hidden="true"></span>'
            "<span>{}…</span>{}</li>"
        ).format(current, bar)
    )
    text = Markup('<p class="answer-text">{}</p>').format(progress.text) if progress.text else Markup("")
    return Markup('<ol class="stages">{}</ol>{}').format(Markup("").join(items), text)


def _render_unanswered(text: str, status: Status, *, retry_of: str | None, is_superseded: bool) -> Markup:
    kind = "stopped" if status is Status.STOPPED else "failed"
    return _wrap_assistant(
        Markup('<div class="notice is-{}{}"{}>{}<p data-copy-source>{}</p></div>{}').format(
            kind,
            " is-superseded" if is_superseded else "",
            Markup("") if is_superseded or kind == "stopped" else Markup(' role="alert"'),
            STOPPED if kind == "stopped" else ALERT,
            text,
            _render_retry(retry_of, "Try again", is_prominent=True) if retry_of is not None else "",
        )
    )


def _render_interrupted(question: Message) -> Markup:
    if question.text == "":
        return NO_MARKUP
    return _render_unanswered(
        "This question was interrupted before it was answered.",
        Status.STOPPED,
        # What was done by hand is done again by hand: its words are no question.
        retry_of=None if question.mask_parents else question.id,
        is_superseded=False,
    )


def _render_figures(message: Message) -> Markup:
    figures: list[Markup] = []
    if message.facts is not None and message.facts.pixel_count > 0:
        if message.score is not None:
            figures.append(_render_figure("Confidence", f"{message.score:.0%}"))
        if message.facts.area_m2 is not None:
            figures.append(_render_figure("Area", format_area(message.facts.area_m2)))
        figures.append(_render_figure("Share", format_share(message.facts.share)))
        figures.append(_render_figure("Parts", f"{message.facts.count:,}"))
    if message.seconds:
        figures.append(_render_figure("Time", f"{sum(message.seconds.values()):.1f} s"))
    return Markup('<dl class="figures">{}</dl>').format(Markup("").join(figures)) if figures else NO_MARKUP


def _render_actions(retry_of: str | None) -> Markup:
    return Markup(
        '<span class="answer-actions">'
        '<button type="button" class="quiet" data-action="copy" title="Copy the answer">{}<span>Copy</span></button>'
        "{}</span>"
    ).format(COPY, _render_retry(retry_of, "Retry", is_prominent=False) if retry_of is not None else "")


def _render_figure(name: str, value: str) -> Markup:
    return Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value)


def _render_retry(question_id: str, label: str, *, is_prominent: bool) -> Markup:
    return Markup(
        '<button type="button" class="{}" data-action="retry" data-message="{}" title="Ask this question again">'
        "{}<span>{}</span></button>"
    ).format("prominent" if is_prominent else "quiet", question_id, RETRY, label)


def _render_suggestions() -> Markup:
    chips = [
        Markup('<button type="button" class="chip" data-action="suggest" data-question="{0}">{0}</button>').format(text)
        for text in SUGGESTED_QUESTIONS
    ]
    return Markup('<p class="chips" role="group" aria-label="Suggested questions">{}</p>').format(
        Markup("").join(chips)
    )


def _is_bare_image(question: Message | None) -> bool:
    return question is not None and question.text == "" and question.image is not None


def _wrap_user(picture: Markup, text: str, *, below: Markup = NO_MARKUP) -> Markup:
    bubble = Markup('<p class="bubble">{}</p>').format(shorten_text(text)) if text else Markup("")
    return Markup('<article class="message is-user"><h3 class="sr-only">You</h3>{}{}{}</article>').format(
        picture, bubble, below
    )


def _wrap_assistant(body: Markup, *, kind: str = "", root_id: str = "") -> Markup:
    return Markup(
        '<article class="message is-assistant{}"{}><span class="avatar" aria-hidden="true">{}</span>'
        '<div class="answer"><h3 class="sr-only">SegEarth Chat</h3>{}</div></article>'
    ).format(kind, Markup(' data-root="{}"').format(root_id) if root_id else "", LOGO, body)


def _wrap_live(body: Markup) -> Markup:
    """Return the one live region of the page; it stays the same element, so that readers announce its changes."""
    return Markup('<div class="turns live" role="status" aria-live="polite">{}</div>').format(body)
