"""Find the same in two images and say what became of each pixel; a turn and a replay do it alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.masks.comparison import Comparison, compare_masks
from assistant.planning import Ask, Outcome, Plan, add_seconds, carry_out
from serving.image_ref import ImageRef
from serving.imagery.registration import Basis, find_basis, register_mask


@dataclass(frozen=True, eq=False)
class ImageComparison:
    """Two images, compared.

    Attributes:
        before: what was found in the earlier image, on its own grid.
        after: what was found in the later image.
        basis: why pixels of the two are taken to lie on each other.
        comparison: what became of each pixel of the later image.
    """

    before: Outcome
    after: Outcome
    basis: Basis
    comparison: Comparison

    @property
    def score(self) -> float:
        """The confidence in what is said of both, 0..1: that of the less certain mask."""
        return min(self.before.score, self.after.score)

    @property
    def seconds(self) -> Mapping[str, float]:
        """Stage -> seconds over both images."""
        return add_seconds(self.before.seconds, self.after.seconds)


def compare_images(
    plan: Plan, earlier: ImageRef, later: ImageRef, ask_about: Callable[[ImageRef], Ask]
) -> ImageComparison:
    """Return what became of what `plan` finds.

    Args:
        plan: what is looked for, in the same way in both images.
        earlier: the image to compare with.
        later: the image whose grid counts.
        ask_about: image -> what puts questions about it to the model.

    Raises:
        RegistrationError: the images cannot be laid on each other; the model is not asked then.
        ScaleUnknownError: an operation gives metres and an image has no scale.
        ServingError: whatever the model raises.
    """
    basis = find_basis(earlier.grid, later.grid)
    before = carry_out(plan, ask_about(earlier))
    after = carry_out(plan, ask_about(later))
    registered = register_mask(before.mask, later.grid, basis)
    return ImageComparison(before, after, basis, compare_masks(registered.mask, after.mask, registered.known))
