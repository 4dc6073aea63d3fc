"""What is surely not in an image, though nobody asked: negatives across sources.

A source is labelled for a few classes and asked about few others, so that its look alone nearly tells which class is
meant. These classes were judged absent by looking at samples of each source; a class that may well be there unlabelled
(pools in a suburb) is left open.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from training.samples import ImageSample, QuestionSample, SampleTarget
from training.wording import is_spatial


@dataclass(frozen=True)
class _Rule:
    """Images of a source have none of some classes.

    Attributes:
        absent: the classes.
        beside: only images that have one of these; empty for all images.
    """

    absent: frozenset[str]
    beside: frozenset[str] = frozenset()


_TOO_SMALL_FOR_SENTINEL_2 = frozenset(
    {"airplane", "baseball_diamond", "basketball_court", "car", "ground_track_field", "solar_panel", "storage_tank"}
    | {"swimming_pool", "tennis_court", "train", "vehicle"}
)
_MADE_BY_PEOPLE = _TOO_SMALL_FOR_SENTINEL_2 | {
    "bridge", "building", "built_up", "container_port", "harbor", "road", "runway", "ship", "solar_farm", "stadium",
}  # fmt: skip
_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "arctic_lakes": (_Rule(_MADE_BY_PEOPLE | {"farmland", "forest"}),),
    "drone_forest": (_Rule(_MADE_BY_PEOPLE - {"road", "building", "built_up", "car", "vehicle"}),),
    "epfl_roads": (_Rule(frozenset({"farmland", "solar_farm", "solar_panel", "swimming_pool", "container_port"})),),
    "flood_area": (_Rule(frozenset({"container_port", "iceberg", "solar_farm", "solar_panel", "stadium"})),),
    "hot_fair": (
        _Rule(frozenset({"container_port", "solar_farm", "solar_panel", "storage_tank", "swimming_pool", "train"})),
    ),
    "mass_roads": (_Rule(frozenset({"solar_farm", "solar_panel", "container_port"})),),
    "naip_fields": (_Rule(frozenset({"basketball_court", "runway", "flood_water"})),),
    "nwpu_vhr10": (
        _Rule(frozenset({"solar_farm", "solar_panel"})),
        _Rule(
            frozenset({"farmland", "swimming_pool"}),
            beside=frozenset({"airplane", "ship", "storage_tank", "vehicle"}),
        ),
    ),
    "s2_india": (_Rule(_TOO_SMALL_FOR_SENTINEL_2),),
    "sp_pools": (_Rule(frozenset({"container_port", "forest"})),),
}


def asks_anywhere(question: QuestionSample) -> bool:
    """Whether the words can be put to any image: they ask for a class, and for no place in the picture."""
    return question.is_of_whole_class or (
        question.kind == "negative" and bool(question.class_name) and not is_spatial(question.text)
    )


def find_labels(sample: ImageSample) -> dict[str, SampleTarget | None]:
    """Return all that is known of an image's classes: where each lies, None where it is absent."""
    labels: dict[str, SampleTarget | None] = {}
    for question in sample.questions:
        if asks_anywhere(question):
            labels[question.class_name] = question.target
    present = {name for name, target in labels.items() if target is not None}
    for rule in _RULES.get(sample.source, ()):
        if not rule.beside or rule.beside & present:
            labels.update({name: None for name in sorted(rule.absent) if name not in labels})
    return labels
