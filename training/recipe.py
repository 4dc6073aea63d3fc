"""The recipe of the mini model: its phases and their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from serving.model.config import MINI
from training.averaging import START
from training.colour import ColourRange
from training.dense_losses import LossWeights


@dataclass(frozen=True)
class Phase:
    """One stretch of the training with its own learning rate, warmed up and then lowered along a cosine.

    Attributes:
        name: also the name of its files.
        language: "table" reads precomputed descriptions (the compressor and the adapters rest); "joint" runs the
            language model in the loop and trains the compressor and the adapters as well; "frozen" runs it and leaves
            them as they are; "kept" reads descriptions that it gave once, before the phase, to the visual tokens of
            four images (on val, tokens averaged over images answered as well as an image's own).
        steps: optimiser steps.
        side: side of the model's square.
        images: images a step.
        questions: questions per image.
        learning_rate: peak, for new parts.
        encoder_learning_rate: peak, for the ImageNet encoder.
        language_learning_rate: peak, for the compressor and the adapters; lower, since the language model amplifies
            a small change of the visual tokens (at 3e-4 the loss doubled within 40 steps).
        final_share: the learning rate's last value over its peak.
        encoder: "frozen" keeps ImageNet's features and normalisations as they are.
        colour: how far images are moved; see `training.colour`.
        source_balance: an image's weight falls with its source's size to this power.
        mosaic_share: of the pictures are made of four images; see `training.mosaic`.
        absent_share: of the questions to one image ask for what it is known to lack; see `training.absences`.
        paraphrase_share: of the questions for all of a class are put in words of our own; see `training.paraphrases`.
            A table has none of these.
        picked_weight: how much likelier a question that picks by place, size or relation is drawn than another.
        part_share: of the questions for all of a class ask for it in a half or a quarter of the image instead; see
            `training.parts`.
        fits_places: begins by teaching the place prior from the texts alone, see `training.places`; needs descriptions
            that are kept.
        ema_decay: the phase ends with an exponential moving average of its weights, which keeps this share of itself at
            each step; 0 ends with the last step's weights.
        loss_weights: how much masks and presence count.
        begins_with: the mean of the weights after several earlier phases, each with its share; empty for those that
            the phase before ended with.
    """

    name: str
    language: Literal["table", "joint", "frozen", "kept"]
    steps: int
    side: int
    images: int = 4
    questions: int = 12
    learning_rate: float = 6e-4
    encoder_learning_rate: float = 3e-4
    language_learning_rate: float = 3e-5
    final_share: float = 0.02
    warmup_steps: int = 150
    weight_decay: float = 0.02
    encoder: Literal["fine-tuned", "frozen"] = "fine-tuned"
    colour: ColourRange = "plain"
    source_balance: float = 0.1
    mosaic_share: float = 0.0
    absent_share: float = 0.0
    paraphrase_share: float = 0.0
    picked_weight: float = 1.0
    part_share: float = 0.0
    fits_places: bool = False
    ema_decay: float = 0.0
    loss_weights: LossWeights = field(default_factory=LossWeights)
    begins_with: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a phase that would ask what its table does not know."""
        if self.language == "table" and (self.paraphrase_share or self.part_share):
            raise ValueError(f"phase {self.name}: a table has no descriptions of wordings of our own")
        if self.fits_places and self.language != "kept":
            raise ValueError(f"phase {self.name}: the place prior is taught from kept descriptions")


@dataclass(frozen=True)
class Recipe:
    """All phases, one after the other; a run goes on under the name that it was begun with.

    Attributes:
        averaged: the finished model's weights are the mean of those after these phases, each with its share; empty for
            those after the last phase. "start" is the model that the run goes on from. See `training.averaging`.
        teaches_names: at last the projector is taught that all names of a class mean the same; see `training.names`.
            The last phase keeps descriptions, of paraphrases and of parts too.
        token_halvings: how often the compressor halves the side of res5.
        mask_decoder_layers: the mask decoder's depth.
        lora_rank: of the language model's update.
    """

    phases: tuple[Phase, ...]
    averaged: tuple[tuple[str, float], ...] = ()
    name: str = "full"
    teaches_names: bool = False
    seed: int = 20
    validate_every: int = 500
    validation_images: int = 60
    checkpoint_every: int = 100
    token_halvings: int = MINI.compressor.halvings
    mask_decoder_layers: int = MINI.mask_decoder.layers
    lora_rank: int = MINI.language.lora_rank

    @property
    def side(self) -> int:
        """Side of the square that the finished model reads."""
        return max(phase.side for phase in self.phases)

    @property
    def language_side(self) -> int:
        """Side of the square whose visual tokens the language model learns to read."""
        return max((phase.side for phase in self.phases if phase.language == "joint"), default=self.side)

    def list_averaged_phases(self, first_phase: int = 0) -> frozenset[str]:
        """Return the phases whose weights are part of a mean that is still to be taken when `first_phase` begins."""
        means = (self.averaged, *(phase.begins_with for phase in self.phases[first_phase:]))
        return frozenset(name for mean in means for name, _ in mean)


_ABSENCES = Phase(
    name="absences",
    language="kept",
    steps=430,
    side=512,
    learning_rate=3e-4,
    encoder_learning_rate=1.5e-4,
    final_share=0.1,
    warmup_steps=40,
    mosaic_share=0.15,
    absent_share=0.25,
    ema_decay=0.99,
    begins_with=(("masks-long", 0.2), ("masks-longer", 0.4), ("mixed", 0.4)),
)

_WORDINGS = replace(_ABSENCES, name="wordings", steps=600, paraphrase_share=0.5, begins_with=())

_PLACES = replace(
    _WORDINGS,
    name="places",
    steps=800,
    learning_rate=4e-4,
    encoder_learning_rate=2e-4,
    picked_weight=2.0,
    fits_places=True,
)

_PARTS = replace(
    _PLACES,
    name="parts",
    steps=600,
    part_share=0.25,
    begins_with=(("wordings", 0.5), ("places", 0.5)),
)

# From here on classes are asked for in names of neighbouring ones too, where those are true.
_NAMES = replace(
    _PARTS,
    name="names",
    steps=2000,
    final_share=0.03,
    fits_places=False,
    begins_with=(("wordings", 0.25), ("places", 0.25), ("parts", 0.5)),
)

_NAMES_LONGER = replace(_NAMES, name="names-longer", steps=1800, begins_with=())

_UNTIL_NAMES = (("wordings", 0.0625), ("places", 0.0625), ("parts", 0.125), ("names", 0.45), ("names-longer", 0.3))

# Twice as many names for each class, each asked for plainly too, and groups of classes under one name.
_LAST_PHASE = replace(
    _NAMES,
    name="everyday-names",
    steps=1200,
    learning_rate=2.5e-4,
    encoder_learning_rate=1.2e-4,
    paraphrase_share=0.6,
    begins_with=_UNTIL_NAMES,
)

MINI_RECIPE = Recipe(
    phases=(
        Phase(name="table", language="table", steps=3200, side=384, final_share=0.1),
        Phase(
            name="table-512",
            language="table",
            steps=600,
            side=512,
            learning_rate=3e-4,
            encoder_learning_rate=1.5e-4,
            final_share=0.2,
            warmup_steps=60,
        ),
        Phase(
            name="joint",
            language="joint",
            steps=350,
            questions=8,
            side=512,
            learning_rate=1e-4,
            encoder_learning_rate=5e-5,
            final_share=0.01,
            warmup_steps=60,
        ),
        Phase(
            name="masks",
            language="frozen",
            steps=420,
            side=512,
            learning_rate=2.5e-4,
            encoder_learning_rate=1.2e-4,
            final_share=0.01,
            warmup_steps=40,
        ),
        Phase(
            name="masks-long",
            language="frozen",
            steps=2400,
            side=512,
            learning_rate=4e-4,
            encoder_learning_rate=2e-4,
            final_share=0.01,
            warmup_steps=60,
        ),
        Phase(
            name="masks-longer",
            language="frozen",
            steps=2000,
            side=512,
            learning_rate=4e-4,
            encoder_learning_rate=2e-4,
            final_share=0.01,
            warmup_steps=60,
        ),
        Phase(
            name="mixed",
            language="kept",
            steps=1200,
            side=384,
            learning_rate=3e-4,
            encoder_learning_rate=1.5e-4,
            final_share=0.01,
            warmup_steps=60,
            mosaic_share=0.3,
            absent_share=0.15,
        ),
        _ABSENCES,
        _WORDINGS,
        _PLACES,
        _PARTS,
        _NAMES,
        _NAMES_LONGER,
        _LAST_PHASE,
    ),
    averaged=(*((name, share * 0.25) for name, share in _UNTIL_NAMES), (_LAST_PHASE.name, 0.75)),
    teaches_names=True,
)

# Goes on from the model that ships (--start-from models/mini).
_FURTHER_RECIPE = replace(
    MINI_RECIPE,
    name="further",
    phases=(*MINI_RECIPE.phases, replace(_LAST_PHASE, name="further", begins_with=())),
    averaged=((START, 0.5), ("further", 0.5)),
)

# A closer look; the language model goes on with the visual tokens of the size that it learned to read.
_FINER_RECIPE = replace(
    _FURTHER_RECIPE,
    name="finer",
    phases=(
        *MINI_RECIPE.phases,
        replace(
            _LAST_PHASE,
            name="finer",
            steps=900,
            side=640,
            learning_rate=3e-4,
            encoder_learning_rate=1.5e-4,
            warmup_steps=60,
            begins_with=(),
        ),
    ),
    averaged=((START, 0.25), ("finer", 0.75)),
)

_SHORT_PHASE = Phase(name="table", language="table", steps=600, side=320, questions=8, warmup_steps=60)
# With the language model in the loop, after a table that gives the masks a start.
_SHORT_JOINT_PHASE = Phase(
    name="joint", language="joint", steps=300, side=320, questions=8, learning_rate=3e-4, warmup_steps=30
)


def _short(name: str, phase: Phase) -> Recipe:
    return Recipe(phases=(phase,), name=name, validate_every=300)


_SHORT = _short("short", _SHORT_PHASE)
_SHORT_JOINT = replace(_SHORT, name="short-joint", phases=(_SHORT_PHASE, _SHORT_JOINT_PHASE))

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        MINI_RECIPE,
        _FURTHER_RECIPE,
        _FINER_RECIPE,
        # Less than an hour of one core each, for comparing choices; none of them gives a model worth keeping.
        _SHORT,
        _short("short-wide-colour", replace(_SHORT_PHASE, colour="wide")),
        _short("short-even-sources", replace(_SHORT_PHASE, source_balance=0.5)),
        _short("short-frozen-encoder", replace(_SHORT_PHASE, encoder="frozen")),
        _short("short-mixed", replace(_SHORT_PHASE, mosaic_share=0.3, absent_share=0.15)),
        _short("short-more-bce", replace(_SHORT_PHASE, loss_weights=LossWeights(bce=10.0, dice=2.5))),
        _short("short-more-dice", replace(_SHORT_PHASE, loss_weights=LossWeights(bce=2.5, dice=10.0))),
        replace(_SHORT, name="short-one-layer", mask_decoder_layers=1),
        replace(_SHORT, name="short-six-layers", mask_decoder_layers=6),
        _SHORT_JOINT,
        replace(
            _SHORT_JOINT,
            name="short-joint-frozen",
            phases=(_SHORT_PHASE, replace(_SHORT_JOINT_PHASE, language="frozen")),
        ),
        replace(_SHORT_JOINT, name="short-joint-rank-2", lora_rank=2),
        replace(_SHORT_JOINT, name="short-joint-rank-32", lora_rank=32),
        replace(_SHORT_JOINT, name="short-joint-more-tokens", token_halvings=1),
        replace(_SHORT_JOINT, name="short-joint-fewer-tokens", token_halvings=3),
    )
}
"""What `train mini --recipe` can be told, by name."""
