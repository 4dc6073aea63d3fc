"""What an answer offers as buttons; as plain chips where the conversation has gone on."""

from markupsafe import Markup

from assistant.conversation import Message
from assistant.intents import Choice, Segment
from ui.limits import shorten_text


def render_choices(message: Message, *, is_open: bool) -> Markup:
    """Return what a message offers; nothing where it offers nothing.

    Args:
        message: from the assistant.
        is_open: it waits for a choice; nothing follows it and nothing is at work.
    """
    if not message.choices:
        return Markup("")
    template = (
        '<button type="button" class="chip" data-action="choose" data-message="{id}" data-number="{number}">{text}'
        "</button>"
        if is_open
        else '<span class="chip is-past">{text}</span>'
    )
    chips = [
        Markup(template).format(id=message.id, number=number, text=name_choice(choice))
        for number, choice in enumerate(message.choices, start=1)
    ]
    label = "What did you mean?" if message.facts is None else "What you could do"
    return Markup('<p class="chips choices" role="group" aria-label="{label}">{chips}</p>').format(
        label=label, chips=Markup("").join(chips)
    )


def name_choice(choice: Choice) -> str:
    """Return what stands on a choice, plain text."""
    text = shorten_text(choice.text)
    if isinstance(choice.intent, Segment):
        return f"Look for “{text}” in the image"
    return text[:1].upper() + text[1:]
