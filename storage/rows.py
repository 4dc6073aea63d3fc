"""Rows of the database <-> the conversation's own types."""

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.conversation import ConversationSummary, Message, NewMessage, Role, Status
from assistant.facts import Facts
from assistant.intent_json import choices_from_rows, choices_to_rows
from assistant.making_json import from_tree, to_tree
from assistant.masks.comparison import Fate
from assistant.operation_json import from_rows, to_rows
from serving.grid import Grid
from serving.image_ref import ImageRef
from storage.blobs import LocalBlobStore
from storage.tables import ConversationRow, ImageRow, MessageRow
from storage.texts import fold_for_search, to_storable


def to_summary(row: ConversationRow, message_count: int) -> ConversationSummary:
    """Return one line of the history list."""
    return ConversationSummary(row.id, row.title, row.created_at, row.updated_at, message_count)


def to_image_ref(row: ImageRow, name: str, blobs: LocalBlobStore) -> ImageRef:
    """Return the reference to a stored image, under the name that this person gave it."""
    return ImageRef(
        digest=row.digest,
        path=blobs.place_of(row.digest),
        rendering_path=blobs.place_of(row.rendering_digest),
        grid=_to_grid(row),
        name=name,
        format=row.format,
        notes=tuple(row.notes),
    )


def fill_message_row(row: MessageRow, message: NewMessage) -> None:
    """Write what `message` says into `row`."""
    row.role = message.role.value
    row.status = message.status.value
    row.text = to_storable(message.text)
    row.text_folded = fold_for_search(row.text)
    row.image_digest = message.image.digest if message.image else None
    row.image_name = to_storable(message.image.name) if message.image else None
    row.mask_digest = message.mask_digest
    row.confidence_digest = message.confidence_digest
    row.question = None if message.question is None else to_storable(message.question)
    row.facts = None if message.facts is None else _facts_to_json(message.facts)
    row.score = None if message.score is None else float(message.score)
    row.seconds = {stage: float(seconds) for stage, seconds in message.seconds.items()}
    row.model_digest = message.model_digest
    row.operations = to_rows(message.operations) if message.operations else None
    row.making = None if message.making is None else to_tree(message.making)
    row.mask_parents = list(message.mask_parents) or None
    row.comparison_digest = message.comparison_digest
    row.fate_facts = {str(fate): _facts_to_json(facts) for fate, facts in message.fate_facts.items()} or None
    row.choices = [
        {**choice, "text": to_storable(choice["text"])} for choice in choices_to_rows(message.choices)
    ] or None


def to_message(row: MessageRow, image_row: ImageRow | None, blobs: LocalBlobStore) -> Message:
    """Return the stored message; `image_row` is the image that it names."""
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        role=Role(row.role),
        text=row.text,
        created_at=row.created_at,
        image=None if image_row is None else to_image_ref(image_row, row.image_name or "", blobs),
        mask_digest=row.mask_digest,
        confidence_digest=row.confidence_digest,
        question=row.question,
        facts=None if row.facts is None else _facts_from_json(row.facts),
        score=row.score,
        seconds=row.seconds,
        model_digest=row.model_digest,
        status=Status(row.status),
        operations=() if row.operations is None else from_rows(row.operations),
        making=None if row.making is None else from_tree(row.making),
        mask_parents=tuple(row.mask_parents or ()),
        comparison_digest=row.comparison_digest,
        fate_facts={Fate(name): _facts_from_json(facts) for name, facts in (row.fate_facts or {}).items()},
        choices=choices_from_rows(row.choices or ()),
    )


def _to_grid(row: ImageRow) -> Grid:
    transform = None
    if row.transform is not None:
        a, b, c, d, e, f = map(float, row.transform)
        transform = (a, b, c, d, e, f)
    gsd_m = None
    if row.gsd_row_m is not None and row.gsd_column_m is not None:
        gsd_m = (row.gsd_row_m, row.gsd_column_m)
    return Grid(row.height, row.width, transform, row.crs_wkt, gsd_m)


def _facts_to_json(facts: Facts) -> Mapping[str, object]:
    # Plain numbers: those of NumPy are not JSON.
    return {
        "pixel_count": int(facts.pixel_count),
        "share": float(facts.share),
        "count": int(facts.count),
        "largest_share": float(facts.largest_share),
        "position": facts.position,
        "area_m2": None if facts.area_m2 is None else float(facts.area_m2),
        "centroid_row_col": _to_list(facts.centroid_row_col, float),
        "bounds_xyxy_px": _to_list(facts.bounds_xyxy_px, int),
    }


def _facts_from_json(stored: Mapping[str, Any]) -> Facts:
    centroid, bounds = stored["centroid_row_col"], stored["bounds_xyxy_px"]
    return Facts(
        pixel_count=stored["pixel_count"],
        share=stored["share"],
        count=stored["count"],
        largest_share=stored["largest_share"],
        position=stored["position"],
        area_m2=stored["area_m2"],
        centroid_row_col=None if centroid is None else (centroid[0], centroid[1]),
        bounds_xyxy_px=None if bounds is None else (bounds[0], bounds[1], bounds[2], bounds[3]),
    )


def _to_list(numbers: Sequence[float] | None, convert: type[int] | type[float]) -> list[float] | None:
    return None if numbers is None else [convert(number) for number in numbers]
