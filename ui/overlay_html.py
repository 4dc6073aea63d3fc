"""The pictures of a conversation: as it came, and with a mask above it; the one factory for both.

Escaped like `message_html.py`.
"""

from markupsafe import Markup

from assistant.answering import format_share
from assistant.conversation import Message
from assistant.facts import Facts
from serving.image_ref import ImageRef

LABEL_LENGTH = 80
NO_CAPTION = Markup("")


def render_upload(message_id: str, image: ImageRef, *, is_pointable: bool) -> Markup:
    """Return the picture that a person sent; one that has no answer yet `is_pointable`: it can be marked by hand."""
    notes = " ".join(image.notes)
    return Markup(
        '<figure class="upload"{pointable}>'
        '<a class="picture" href="artefacts/{id}/image" target="_blank" rel="noopener" data-action="zoom" '
        'style="--w:{width};--h:{height}" title="Open full size">'
        '<img class="picture-base" src="artefacts/{id}/image" alt="Image {description}" width="{width}" '
        'height="{height}"></a>'
        "<figcaption>{description}{notes}</figcaption></figure>"
    ).format(
        id=message_id,
        pointable=Markup(' data-answer="{}" data-pointable').format(message_id) if is_pointable else "",
        width=image.grid.width,
        height=image.grid.height,
        description=describe_image(image),
        notes=Markup('<span class="notes">{}</span>').format(notes) if notes else "",
    )


def render_overlay(message: Message, image: ImageRef, *, picture_of: str) -> Markup:
    """Return the picture with the mask's layer above it.

    Args:
        message: an answer with a mask.
        image: what it is about.
        picture_of: id of a message about the same image, by which the picture is addressed: while it stays the same,
            browsers keep the picture and fetch the layer alone.
    """
    layer = Markup('<img class="picture-layer" src="artefacts/{id}/layer.png" alt="{alt}">').format(
        id=message.id, alt=describe_mask(shorten_label(message.question or message.text), message.facts)
    )
    return frame_layers(message, image, layer, picture_of=picture_of)


def frame_layers(
    message: Message, image: ImageRef, layers: Markup, *, picture_of: str, caption: Markup = NO_CAPTION
) -> Markup:
    """Return the figure of a picture with `layers` above it and `caption` below; see `render_overlay`."""
    return Markup(
        '<figure class="overlay">'
        '<a class="picture" href="artefacts/{id}/overlay.png" target="_blank" rel="noopener" data-action="zoom" '
        'style="--w:{width};--h:{height}" title="Open full size">'
        '<img class="picture-base" src="artefacts/{picture_of}/image" alt="{name}" width="{width}" height="{height}">'
        "{layers}</a>{caption}</figure>"
    ).format(
        id=message.id,
        picture_of=picture_of,
        width=image.grid.width,
        height=image.grid.height,
        name=image.name,
        layers=layers,
        caption=caption,
    )


def render_ground(message: Message, image: ImageRef, *, picture_of: str) -> Markup:
    """Return the picture of an answer that marks nothing, to point at what should be marked; see `render_overlay`."""
    return Markup(
        '<figure class="ground">'
        '<a class="picture" href="artefacts/{id}/image" target="_blank" rel="noopener" data-action="zoom" '
        'style="--w:{width};--h:{height}" title="Open full size">'
        '<img class="picture-base" src="artefacts/{picture_of}/image" alt="{name}, nothing marked" width="{width}" '
        'height="{height}"></a></figure>'
    ).format(id=message.id, picture_of=picture_of, width=image.grid.width, height=image.grid.height, name=image.name)


def describe_image(image: ImageRef) -> str:
    """Return name and size of an image, plain text."""
    return f"{image.name}, {image.grid.width:,} × {image.grid.height:,} pixels"


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
