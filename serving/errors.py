"""What can go wrong between pixels, words and masks; `str(error)` is the sentence a person reads.

ServingError
├── ImageError                      the file cannot be admitted
│   ├── ImageNotFoundError          no readable file at this place
│   ├── ImageEmptyError             0 bytes
│   ├── ImageUnreadableError        not an image, or a format that is not supported
│   ├── ImageTruncatedError         a header, but not all of the pixels
│   └── ImageTooLargeError          more bytes, pixels or bands than the limit
├── RegistrationError               two images cannot be laid on each other
│   ├── ImagesUnregistrableError    of different sizes, and not both say where they lie
│   ├── ImagesApartError            no ground in common
│   └── ImageUnplaceableError       coordinate systems that cannot be brought together
├── QuestionError                   the words cannot be used
│   ├── QuestionEmptyError
│   └── QuestionTooLongError
├── PromptError                     the clicks or the box cannot be used
│   ├── PromptMissingError          neither a click nor a box
│   ├── ClickOutsideImageError
│   ├── BoxEmptyError               no area
│   └── BoxOutsideImageError
├── CheckpointError                 the weights cannot be used
│   ├── CheckpointMissingError
│   ├── CheckpointMismatchError     a key or a shape differs
│   ├── RefinerOutdatedError        the refiner belongs to other weights
│   ├── RefinerMissingError         the model has no refiner of that kind
│   └── TemperaturesUnstorableError its config is not ours to write
├── DeviceUnavailableError          no CUDA device where one was asked for
├── GpuNotLentError                 a shared GPU is not to be had for this call
├── QuantisationUnavailableError    bitsandbytes is not installed
├── LanguageUnavailableError        the language backbone cannot answer now
├── LanguageInputError              what it was to read is refused
├── BackendUnavailableError         what is to serve the language backbone is not there, or cannot serve this model
└── SegmentationCancelledError      somebody pressed Stop
"""

from serving.refinement.kinds import RefinerKind


class ServingError(Exception):
    """Root of every error that this package raises on purpose."""


class ImageError(ServingError):
    """The image cannot be used."""


class ImageNotFoundError(ImageError):
    """There is no file that can be opened."""

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"There is no file named {name} that can be opened here. Please check its name, its folder and its rights."
        )


class ImageEmptyError(ImageError):
    """The file holds no bytes."""

    def __init__(self) -> None:
        super().__init__("The file is empty (0 bytes). Please upload it again.")


class ImageUnreadableError(ImageError):
    """The file is not an image that can be read."""

    def __init__(self, *, supported: str = "PNG, JPEG, WebP, TIFF or GeoTIFF") -> None:
        super().__init__(f"This file could not be read as an image. Please use {supported}.")


class ImageTruncatedError(ImageError):
    """The header is fine but pixels are missing."""

    def __init__(self) -> None:
        super().__init__(
            "The image breaks off before its end, so some pixels are missing. "
            "Please copy or download it again, then upload the whole file."
        )


class ImageTooLargeError(ImageError):
    """A limit on bytes, pixels or bands is passed."""

    def __init__(self, *, measure: str, found: str, limit: str, remedy: str) -> None:
        super().__init__(f"The image has {found} {measure}; the limit is {limit}. {remedy}")


class RegistrationError(ServingError):
    """Two images cannot be laid on each other."""


class ImagesUnregistrableError(RegistrationError):
    """They differ in size, and not both say where they lie."""

    def __init__(self, earlier_size: tuple[int, int], later_size: tuple[int, int]) -> None:
        sizes = " and ".join(f"{width:,} × {height:,}" for height, width in (earlier_size, later_size))
        super().__init__(
            f"These two images cannot be laid on each other: they are of different sizes ({sizes} pixels), and not "
            "both say where they lie on the ground. Please add both as GeoTIFFs, or cut both to the same frame."
        )


class ImagesApartError(RegistrationError):
    """They have no ground in common."""

    def __init__(self) -> None:
        super().__init__(
            "These two images show different places: by their georeferences they have no ground in common, so nothing "
            "can be compared. Please add two images of the same place."
        )


class ImageUnplaceableError(RegistrationError):
    """Their coordinate systems cannot be brought together."""

    def __init__(self) -> None:
        super().__init__(
            "The coordinate systems of these two images cannot be brought together, so they cannot be compared. "
            "Please warp one of them to the system of the other first (for example with gdalwarp)."
        )


class QuestionError(ServingError):
    """The question cannot be used."""


class QuestionEmptyError(QuestionError):
    """No words were given."""

    def __init__(self) -> None:
        super().__init__("Please type a question about the image, for example: where are the airplanes?")


class QuestionTooLongError(QuestionError):
    """More text than one question may hold."""

    def __init__(self, *, length: int, limit: int) -> None:
        super().__init__(
            f"The question has {length:,} characters; the limit is {limit:,}. Please ask it in a sentence or two."
        )


class PromptError(ServingError):
    """The clicks or the box cannot be used."""


class PromptMissingError(PromptError):
    """There is neither a click nor a box."""

    def __init__(self) -> None:
        super().__init__("Please click on the image or draw a box, so that there is something to go by.")


class ClickOutsideImageError(PromptError):
    """A click lies beside the image."""

    def __init__(self, *, x: float, y: float, width: int, height: int) -> None:
        super().__init__(
            f"The click at ({x:g}, {y:g}) lies outside the image, which is {width} x {height} pixels. "
            "Please click inside it."
        )


class BoxEmptyError(PromptError):
    """The box has no area."""

    def __init__(self) -> None:
        super().__init__("The box has no area. Please drag from one corner of the thing to the opposite one.")


class BoxOutsideImageError(PromptError):
    """No part of the box is in the image."""

    def __init__(self, *, width: int, height: int) -> None:
        super().__init__(
            f"The box lies outside the image, which is {width} x {height} pixels. Please draw it on the image."
        )


class CheckpointError(ServingError):
    """The weights cannot be used."""


class CheckpointMissingError(CheckpointError):
    """A file of the weights is not there."""

    def __init__(self, *, what: str, remedy: str) -> None:
        super().__init__(f"The weights are missing: {what}. {remedy}")


class CheckpointMismatchError(CheckpointError):
    """A key or a shape in the weights differs from the model."""


class RefinerOutdatedError(CheckpointError):
    """The refiner was trained on the features of other weights."""

    def __init__(self) -> None:
        super().__init__(
            "The click refiner beside the model was trained on other weights, so it is not used. "
            "Train it again with `segearth train refiner`."
        )


class RefinerMissingError(CheckpointError):
    """A refiner was asked for by name, and there is none."""

    def __init__(self, kind: RefinerKind) -> None:
        remedy = (
            "Train one with `segearth train refiner`"
            if kind is RefinerKind.LEARNED
            else "Fetch mobile_sam.pt from github.com/ChaoningZhang/MobileSAM and run `segearth train convert-sam`"
        )
        super().__init__(f"This model has no {kind.value} click refiner. {remedy}, or use the classical one.")


class TemperaturesUnstorableError(CheckpointError):
    """The model's config is not ours to write."""

    def __init__(self) -> None:
        super().__init__(
            "Temperatures are stored in the folder of a small model (config.json beside model.safetensors), "
            "and this model is none. Leave out --fit to measure only."
        )


class DeviceUnavailableError(ServingError):
    """There is no CUDA device."""

    def __init__(self) -> None:
        super().__init__(
            "PyTorch finds no CUDA device here. Set SEGEARTH_DEVICE to auto or cpu, "
            "or run `segearth doctor` to see what PyTorch finds."
        )


class GpuNotLentError(ServingError):
    """A GPU that is lent for one call at a time is not to be had for this one."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"No GPU could be had for this question ({reason.strip().rstrip('.')}). "
            "The question is kept; please try it again later."
        )


class QuantisationUnavailableError(ServingError):
    """The package that quantises is not there, or does not work here."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"--quantize needs the package bitsandbytes ({reason}). Install it: "
            ".venv/bin/pip install -c constraints.txt bitsandbytes"
        )


class LanguageUnavailableError(ServingError):
    """The language backbone cannot answer now."""

    @classmethod
    def for_text(cls) -> "LanguageUnavailableError":
        """The model has no head that would turn hidden states into words."""
        return cls("This model was loaded to mark things only; it writes no text. Please ask where something is.")


class LanguageInputError(ServingError):
    """What the language backbone was to read is refused, before it could harm others who share it."""

    @classmethod
    def for_length(cls, length: int, limit: int) -> "LanguageInputError":
        """More positions than the model can tell apart."""
        return cls(
            f"Image and question together make {length:,} tokens; the language model reads {limit:,}. "
            "Please ask in fewer words."
        )

    @classmethod
    def for_values(cls) -> "LanguageInputError":
        """NaN or infinity among the visual tokens."""
        return cls(
            "The image's features hold values that are no numbers, so the language model was not asked. "
            "Please set the precision to fp32 (--dtype fp32), or try another image."
        )

    @classmethod
    def for_shape(cls, shape: tuple[int, ...], hidden_size: int) -> "LanguageInputError":
        """Visual tokens of another width, or not (T, D) at all."""
        found = " x ".join(map(str, shape)) or "none"
        return cls(
            f"The image's features have the shape {found}; the language model reads rows of {hidden_size}. "
            "Please check that the model's folder is complete and from one training."
        )

    @classmethod
    def for_form(cls, reason: str) -> "LanguageInputError":
        """The request itself is malformed."""
        return cls(f"The language model was asked in a form that it cannot read: {reason}. Please report this.")


class BackendUnavailableError(ServingError):
    """What is to serve the language backbone is not installed, or cannot serve this model."""


class SegmentationCancelledError(ServingError):
    """The work was stopped on request."""

    def __init__(self) -> None:
        super().__init__("Stopped. Nothing was changed; ask again when you like.")
