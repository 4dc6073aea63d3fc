"""A picture with a mask above it: the one factory for it, with legend, downloads and tools.

Escaped like `message_html.py`.
"""

from markupsafe import Markup

from assistant.answering import format_share
from assistant.conversation import Message
from assistant.facts import Facts
from assistant.operations import Threshold
from serving.image_ref import ImageRef
from ui.icons import DOWNLOAD
from ui.mask_tools_html import OWN_THRESHOLD_PERCENT, render_tools

LABEL_LENGTH = 80
# The mask's share of the overlay when nobody has moved the slider: the ground stays readable below.
START_OPACITY_PERCENT = 80


def render_overlay(message: Message, image: ImageRef, *, is_last: bool) -> Markup:
    """Return the picture with the mask's layer above it, legend, controls, downloads and tools.

    Args:
        message: an answer with a mask.
        image: what it is about.
        is_last: the tools are at hand.
    """
    label = shorten_label(message.question or message.text)
    base = f"artefacts/{message.id}"
    return Markup(
        '<figure class="overlay" data-answer="{id}" data-pointable>'
        '<a class="picture" href="{base}/overlay.png" target="_blank" rel="noopener" data-action="zoom" '
        'style="--w:{width};--h:{height}" title="Open full size">'
        '<img class="picture-base" src="{base}/image" alt="{name}" width="{width}" height="{height}">'
        '<img class="picture-layer" src="{base}/layer.png" alt="{alt}">'
        "</a>"
        '<figcaption class="legend">'
        '<span class="legend-entry"><span class="swatch" aria-hidden="true"></span>'
        '<span class="legend-label" title="{label}">{label}</span></span>'
        '<span class="legend-controls">'
        '<label class="toggle"><input type="checkbox" data-control="visible" checked><span>Mask</span></label>'
        '<label class="slider"><span>Opacity</span>'
        '<input type="range" min="0" max="100" step="5" value="{opacity}" data-control="opacity">'
        "<output>{opacity}%</output></label>"
        "</span>"
        '<span class="legend-downloads">'
        '<a class="download" href="{base}/mask.png?download=1" download>{icon}Mask PNG</a>'
        '<a class="download" href="{base}/overlay.png?download=1" download>{icon}Overlay PNG</a>'
        "</span>"
        "</figcaption>{tools}</figure>"
    ).format(
        id=message.id,
        base=base,
        width=image.grid.width,
        height=image.grid.height,
        name=image.name,
        alt=describe_mask(label, message.facts),
        label=label,
        opacity=START_OPACITY_PERCENT,
        icon=DOWNLOAD,
        tools=render_tools(is_open=is_last, threshold_percent=_read_threshold(message)),
    )


def render_ground(message: Message, image: ImageRef) -> Markup:
    """Return the picture of an answer that marks nothing, to point at what should be marked."""
    return Markup(
        '<figure class="ground" data-answer="{id}" data-pointable>'
        '<a class="picture" href="artefacts/{id}/image" target="_blank" rel="noopener" data-action="zoom" '
        'style="--w:{width};--h:{height}" title="Open full size">'
        '<img class="picture-base" src="artefacts/{id}/image" alt="{name}, nothing marked" width="{width}" '
        'height="{height}"></a>{tools}</figure>'
    ).format(
        id=message.id,
        width=image.grid.width,
        height=image.grid.height,
        name=image.name,
        tools=render_tools(is_open=False, threshold_percent=None),
    )


def describe_mask(label: str, facts: Facts | None) -> str:
    """Return the alternative text of a mask: what it marks, how many, where, how much; plain text."""
    if facts is None:
        return f"Mask for “{label}”"
    areas = "1 area" if facts.count == 1 else f"{facts.count:,} areas"
    where = "" if facts.position is None else f", {facts.position}"
    return f"Mask for “{label}”: {areas}{where}, {format_share(facts.share)} of the image"


def shorten_label(text: str) -> str:
    """Return one line of at most `LABEL_LENGTH` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LABEL_LENGTH else f"{line[: LABEL_LENGTH - 1].rstrip()}…"


def _read_threshold(message: Message) -> int | None:
    """Return where the threshold of an answer's mask stands, in percent; None where it cannot be moved."""
    if message.confidence_digest is None:
        return None
    levels = [operation.level for operation in message.operations if isinstance(operation, Threshold)]
    return round(levels[-1] * 100) if levels else OWN_THRESHOLD_PERCENT
