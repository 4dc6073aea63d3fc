"""A stored answer, and the way to it, as data for programs."""

from typing import Any

from assistant.conversation import Message
from assistant.intent_json import choices_to_rows
from assistant.operation_json import to_rows
from ui.turns_in_flight import Progress


def describe_answer(message: Message) -> dict[str, Any]:
    """Return a stored answer as data for JSON."""
    described: dict[str, Any] = {
        "status": message.status.value,
        "text": message.text,
        "conversation_id": message.conversation_id,
        "message_id": message.id,
        "parent_id": message.parent_id,
        "operations": to_rows(message.operations),
    }
    if message.choices:
        described["choices"] = choices_to_rows(message.choices)
    if message.facts is not None:
        described |= {
            "found": message.facts.pixel_count > 0,
            "count": message.facts.count,
            "share": message.facts.share,
            "pixels": message.facts.pixel_count,
            "area_m2": message.facts.area_m2,
            "score": message.score,
            "seconds": dict(message.seconds),
        }
    if message.comparison_digest is not None:
        described |= {"comparison": describe_fates(message)}
    if message.mask_digest is not None:
        described |= {
            "mask": f"artefacts/{message.id}/mask.png",
            "overlay": f"artefacts/{message.id}/overlay.png",
            "coco": f"artefacts/{message.id}/mask.json",
            "bundle": f"artefacts/{message.id}/bundle.zip",
        }
        if message.image is not None and message.image.grid.is_georeferenced:
            described |= {
                "geotiff": f"artefacts/{message.id}/mask.tif",
                "geojson": f"artefacts/{message.id}/mask.geojson",
                "geopackage": f"artefacts/{message.id}/mask.gpkg",
            }
    return described


def describe_progress(progress: Progress) -> dict[str, Any] | None:
    """Return how far a turn is as data for JSON; None before there is anything to tell."""
    if progress.waiting is not None:
        return {"status": "waiting", "text": progress.waiting.sentence, "ahead": progress.waiting.ahead}
    if progress.stages:
        return {"status": "working", "text": progress.stages[-1].sentence}
    return None


def describe_fates(message: Message) -> dict[str, Any]:
    """Return what became of what was looked for between two images, as data for JSON.

    Args:
        message: has a comparison.

    Returns:
        under the name of each fate its figures and the address of its mask; "overlay", the picture with all of them;
        of a georeferenced image "geotiff", "geojson" and "geopackage" with all of them.
    """
    fates: dict[str, Any] = {
        str(fate): {
            "count": facts.count,
            "pixels": facts.pixel_count,
            "share": facts.share,
            "area_m2": facts.area_m2,
            "mask": f"artefacts/{message.id}/fates/{fate}.png",
        }
        for fate, facts in message.fate_facts.items()
    }
    addresses = {"overlay": f"artefacts/{message.id}/overlay.png"}
    if message.image is not None and message.image.grid.is_georeferenced:
        addresses |= {
            "geotiff": f"artefacts/{message.id}/changes.tif",
            "geojson": f"artefacts/{message.id}/changes.geojson",
            "geopackage": f"artefacts/{message.id}/changes.gpkg",
        }
    return fates | addresses
