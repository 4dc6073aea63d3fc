"""What is surely not in an image, though nobody asked: negatives across sources.

A source is labelled for a few classes and asked about few others, so that its look alone nearly tells which class is
meant. These classes are those that the pack may ask for as absent (the lists in its `tools/make_questions.py`), and
those that were judged absent by looking at samples of each source; a class that may well be there unlabelled (pools in
a suburb) is left open. A class that any question of the image finds is there, whatever its source mostly lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from training.groups import label_groups
from training.samples import ImageSample, QuestionSample, SampleTarget
from training.wording import is_spatial


@dataclass(frozen=True)
class _Rule:
    """Images of a source have none of some classes.

    Attributes:
        absent: the classes.
        beside: only images that have one of these; empty for all images.
        unless: no images that have one of these.
    """

    absent: frozenset[str]
    beside: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()


def _classes(names: str) -> frozenset[str]:
    return frozenset(names.split())


_FAR_AWAY = _classes("glacier iceberg volcano")
_ON_WATER = _classes("bridge harbor ship")
_TOO_SMALL_FOR_SENTINEL_2 = _classes(
    "airplane baseball_diamond basketball_court car ground_track_field solar_panel storage_tank swimming_pool "
    "tennis_court train vehicle"
)
_MADE_BY_PEOPLE = (
    _TOO_SMALL_FOR_SENTINEL_2 | _ON_WATER | _classes("building built_up container_port road runway solar_farm stadium")
)
_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "arctic_lakes": (_Rule(_MADE_BY_PEOPLE | _classes("farmland forest")),),
    "bozen_roofs": (
        _Rule(
            _classes("airplane baseball_diamond container_port flood_water harbor iceberg ship volcano wind_turbine")
        ),
    ),
    "dronedeploy": (
        _Rule(
            _FAR_AWAY
            | _classes("airplane baseball_diamond farmland harbor runway ship stadium storage_tank train wind_turbine")
        ),
    ),
    "drone_forest": (
        _Rule((_MADE_BY_PEOPLE - _classes("road building built_up car vehicle")) | _FAR_AWAY | {"wind_turbine"}),
    ),
    "epfl_roads": (
        _Rule(
            _FAR_AWAY
            | _classes(
                "airplane container_port farmland flood_water harbor runway ship solar_farm solar_panel storage_tank "
                "swimming_pool wind_turbine"
            )
        ),
    ),
    "flood_area": (
        _Rule(
            _FAR_AWAY
            | _classes(
                "airplane baseball_diamond basketball_court container_port ground_track_field runway solar_farm "
                "solar_panel stadium storage_tank tennis_court wind_turbine"
            )
        ),
    ),
    "hot_fair": (
        _Rule(
            _ON_WATER
            | _classes(
                "airplane baseball_diamond container_port flood_water glacier ground_track_field iceberg runway "
                "solar_farm solar_panel stadium storage_tank swimming_pool train wind_turbine"
            )
        ),
    ),
    "mass_roads": (
        _Rule(_FAR_AWAY | _classes("airplane container_port flood_water runway solar_farm solar_panel wind_turbine")),
    ),
    "naip_fields": (
        _Rule(_FAR_AWAY | _classes("airplane basketball_court container_port flood_water harbor runway ship stadium")),
    ),
    "nwpu_vhr10": (
        _Rule(_FAR_AWAY | _classes("solar_farm solar_panel wind_turbine")),
        # Annotated wherever they are.
        _Rule(
            _classes("airplane baseball_diamond basketball_court ground_track_field storage_tank tennis_court"),
        ),
        _Rule(_ON_WATER | {"flood_water"}, unless=_ON_WATER),
        _Rule(_classes("farmland swimming_pool"), beside=_classes("airplane ship storage_tank vehicle")),
    ),
    "s2_india": (_Rule(_TOO_SMALL_FOR_SENTINEL_2 | _FAR_AWAY | {"wind_turbine"}),),
    "sp_pools": (
        _Rule(
            _FAR_AWAY
            | _classes(
                "baseball_diamond container_port farmland flood_water forest harbor ship solar_farm wind_turbine"
            )
        ),
    ),
}


def asks_anywhere(question: QuestionSample) -> bool:
    """Whether the words can be put to any image: they ask for a class, and for no place in the picture."""
    return question.is_of_whole_class or (
        question.kind == "negative" and bool(question.class_name) and not is_spatial(question.text)
    )


def find_labels(sample: ImageSample) -> dict[str, SampleTarget | None]:
    """Return all that is known of an image's classes and their groups: where each lies, None where it is absent."""
    labels: dict[str, SampleTarget | None] = {}
    for question in sample.questions:
        if asks_anywhere(question):
            labels[question.class_name] = question.target
    present = {question.class_name for question in sample.questions if question.target is not None}
    for rule in _RULES.get(sample.source, ()):
        if (not rule.beside or rule.beside & present) and not rule.unless & present:
            labels.update({name: None for name in sorted(rule.absent - present) if name not in labels})
    labels.update(label_groups(labels))
    return labels
