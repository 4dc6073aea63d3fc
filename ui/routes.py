"""HTTP routes of our own: pictures and files of messages, example thumbnails, page files, health and metrics.

Pictures are looked up by message, and so by owner: there is no address under which somebody else's image can be had.
A message never changes, so browsers may keep its pictures, but only the person's own browser.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from assistant.conversation import Message
from assistant.errors import AssistantError, ComparisonMissingError, MaskNotFoundError
from assistant.marked import load_marked
from assistant.mask_changes import preview_steps
from assistant.masks.comparison import Comparison, Fate
from serving.errors import ServingError
from serving.image_ref import ImageRef
from serving.mask import Mask
from storage.errors import StorageError
from storage.exports.coco_rle import mask_coco
from storage.exports.geojson import comparison_geojson, mask_geojson
from storage.exports.geopackage import comparison_geopackage, mask_geopackage
from storage.exports.geotiff import comparison_geotiff, mask_geotiff
from ui.access import owner_of
from ui.artefacts import (
    bundle_answer,
    describe_comparison,
    render_comparison_picture,
    render_difference,
    render_fate_layer,
    render_layer,
    render_mask,
    render_overlay_picture,
    render_preview,
    render_thumbnail,
)
from ui.hand_changes import set_threshold
from ui.interfaces import Example, PageSettings, UiServices
from ui.metrics import CONTENT_TYPE
from ui.page_html import ASSETS_PREFIX

ASSETS = Path(__file__).parent / "assets"
PRIVATE_CACHE = "private, max-age=86400"
PUBLIC_CACHE = "public, max-age=86400"

_GEOPACKAGE = "application/geopackage+sqlite3"

# An owner that nobody has: asking for it proves that the database answers, and shows nothing.
HEALTH_OWNER = "health"

Handler = Callable[[Request], Response]
Result = TypeVar("Result")


def build_routes(services: UiServices, settings: PageSettings) -> list[BaseRoute]:
    """Return the routes to put before Gradio's."""
    artefacts = ArtefactRoutes(services)
    examples = ExampleRoutes(settings.examples)
    watch = WatchRoutes(services, settings)
    return [
        Route("/artefacts/{message_id}/image", artefacts.send_image),
        Route("/artefacts/{message_id}/mask.png", artefacts.send_mask),
        Route("/artefacts/{message_id}/mask.tif", artefacts.send_geotiff),
        Route("/artefacts/{message_id}/mask.geojson", artefacts.send_geojson),
        Route("/artefacts/{message_id}/mask.gpkg", artefacts.send_geopackage),
        Route("/artefacts/{message_id}/mask.json", artefacts.send_coco),
        Route("/artefacts/{message_id}/bundle.zip", artefacts.send_bundle),
        Route("/artefacts/{message_id}/layer.png", artefacts.send_layer),
        Route("/artefacts/{message_id}/overlay.png", artefacts.send_overlay),
        Route("/artefacts/{message_id}/threshold/{percent:int}/layer.png", artefacts.send_threshold_layer),
        Route("/artefacts/{message_id}/changes.tif", artefacts.send_changes_geotiff),
        Route("/artefacts/{message_id}/changes.geojson", artefacts.send_changes_geojson),
        Route("/artefacts/{message_id}/changes.gpkg", artefacts.send_changes_geopackage),
        Route("/artefacts/{message_id}/fates/{fate}.png", artefacts.send_fate_mask),
        Route("/artefacts/{message_id}/fates/{fate}/layer.png", artefacts.send_fate_layer),
        Route("/artefacts/{message_id}/difference/{other_id}", artefacts.send_difference),
        Route("/artefacts/{message_id}/difference/{other_id}/layer.png", artefacts.send_difference_layer),
        Route("/examples/{index:int}/thumbnail", examples.send_thumbnail),
        Route("/health", watch.send_health),
        Route("/metrics", watch.send_metrics),
        Mount(f"/{ASSETS_PREFIX}/{{version}}", StaticFiles(directory=ASSETS)),
    ]


def _answering_errors(handler: Callable[["ArtefactRoutes", Request], Response]) -> Callable[..., Response]:
    """Turn what is not there, or not this person's, into 404 with a sentence."""

    @wraps(handler)
    def answer(routes: "ArtefactRoutes", request: Request) -> Response:
        try:
            return handler(routes, request)
        except (AssistantError, StorageError, ServingError) as error:
            structlog.get_logger("segearth.ui").info("artefact_missing", kind=type(error).__name__)
            return JSONResponse(
                {"error": str(error)}, status_code=HTTPStatus.NOT_FOUND, headers={"Cache-Control": "no-store"}
            )

    return answer


class ArtefactRoutes:
    """Pictures of a message, for its owner."""

    def __init__(self, services: UiServices) -> None:
        self._history = services.history

    @_answering_errors
    def send_image(self, request: Request) -> Response:
        """The image that the message is about, small enough for a page."""
        content, media_type = render_preview(self._find_image(request))
        return _send_file(content, media_type)

    @_answering_errors
    def send_mask(self, request: Request) -> Response:
        """The mask: a 1-bit PNG at the image's native size."""
        message = self._find_message(request)
        content = render_mask(self._history.load_mask(owner_of(request), message.id))
        return _send_file(content, "image/png", download=_name_download(request, message, "mask.png"))

    @_answering_errors
    def send_geotiff(self, request: Request) -> Response:
        """The mask as a GeoTIFF on the image's grid; only of a georeferenced image."""
        message = self._find_message(request)
        content = mask_geotiff(self._history.load_mask(owner_of(request), message.id))
        return _send_file(content, "image/tiff", download=_name_download(request, message, "mask.tif"))

    @_answering_errors
    def send_geojson(self, request: Request) -> Response:
        """The mask's outlines in longitude and latitude; only of a georeferenced image."""
        message = self._find_message(request)
        content = mask_geojson(self._history.load_mask(owner_of(request), message.id))
        return _send_file(content, "application/geo+json", download=_name_download(request, message, "mask.geojson"))

    @_answering_errors
    def send_geopackage(self, request: Request) -> Response:
        """The mask's outlines in the image's CRS; only of a georeferenced image."""
        message = self._find_message(request)
        content = mask_geopackage(self._history.load_mask(owner_of(request), message.id), message.created_at)
        return _send_file(content, _GEOPACKAGE, download=_name_download(request, message, "mask.gpkg"))

    @_answering_errors
    def send_coco(self, request: Request) -> Response:
        """The mask as COCO run lengths."""
        message = self._find_message(request)
        content = mask_coco(self._history.load_mask(owner_of(request), message.id))
        return _send_file(content, "application/json", download=_name_download(request, message, "mask.json"))

    @_answering_errors
    def send_bundle(self, request: Request) -> Response:
        """Everything that the answer gives, and how it came to be, in one zip."""
        message = self._find_message(request)
        marked: Mask | Comparison
        if message.comparison_digest is not None:
            marked = self._load_comparison(request)
        else:
            marked = self._history.load_mask(owner_of(request), message.id)
        content = bundle_answer(message, self._find_image(request), marked)
        return _send_file(content, "application/zip", download=_name_download(request, message, "answer.zip"))

    @_answering_errors
    def send_layer(self, request: Request) -> Response:
        """The mask as a coloured layer on nothing, to lie above the image."""
        message = self._find_message(request)
        return _send_file(render_layer(self._history.load_mask(owner_of(request), message.id)), "image/png")

    @_answering_errors
    def send_overlay(self, request: Request) -> Response:
        """Image and layer in one picture at native size; of a comparison, the layers of all fates."""
        message = self._find_message(request)
        if message.comparison_digest is not None:
            content = render_comparison_picture(self._find_image(request), self._load_comparison(request))
        else:
            mask = self._history.load_mask(owner_of(request), message.id)
            content = render_overlay_picture(self._find_image(request), mask)
        return _send_file(content, "image/png", download=_name_download(request, message, "overlay.png"))

    @_answering_errors
    def send_threshold_layer(self, request: Request) -> Response:
        """The layer that another threshold would give, the answer's other steps done again; nothing is stored."""
        message, owner = self._find_message(request), owner_of(request)
        steps = set_threshold(message.operations, request.path_params["percent"])
        return _send_file(render_layer(preview_steps(self._history, owner, message, steps)), "image/png")

    @_answering_errors
    def send_changes_geotiff(self, request: Request) -> Response:
        """What became of each pixel between two images, as a GeoTIFF; only of a georeferenced image."""
        content = comparison_geotiff(self._load_comparison(request))
        message = self._find_message(request)
        return _send_file(content, "image/tiff", download=_name_download(request, message, "changes.tif"))

    @_answering_errors
    def send_changes_geojson(self, request: Request) -> Response:
        """The outlines of what was added, removed and unchanged; only of a georeferenced image."""
        content = comparison_geojson(self._load_comparison(request))
        message = self._find_message(request)
        return _send_file(content, "application/geo+json", download=_name_download(request, message, "changes.geojson"))

    @_answering_errors
    def send_changes_geopackage(self, request: Request) -> Response:
        """The outlines of what was added, removed and unchanged, in the image's CRS; only of a georeferenced image."""
        message = self._find_message(request)
        content = comparison_geopackage(self._load_comparison(request), message.created_at)
        return _send_file(content, _GEOPACKAGE, download=_name_download(request, message, "changes.gpkg"))

    @_answering_errors
    def send_fate_mask(self, request: Request) -> Response:
        """What was added between two images, or removed, or is unchanged: a mask at native size."""
        fate = _read_fate(request)
        content = render_mask(self._load_comparison(request).select((fate,)))
        name = _name_download(request, self._find_message(request), f"{fate}.png")
        return _send_file(content, "image/png", download=name)

    @_answering_errors
    def send_fate_layer(self, request: Request) -> Response:
        """The same as a layer, in its colour and pattern."""
        return _send_file(render_fate_layer(self._load_comparison(request), _read_fate(request)), "image/png")

    @_answering_errors
    def send_difference(self, request: Request) -> Response:
        """How much changed from another answer's mask to this one's, as JSON."""
        owner = owner_of(request)
        masks = [load_marked(self._history, owner, request.path_params[name]) for name in ("other_id", "message_id")]
        return JSONResponse(describe_comparison(masks[0], masks[1]), headers={"Cache-Control": PRIVATE_CACHE})

    @_answering_errors
    def send_difference_layer(self, request: Request) -> Response:
        """What changed from another answer's mask to this one's, as a layer."""
        owner = owner_of(request)
        masks = [load_marked(self._history, owner, request.path_params[name]) for name in ("other_id", "message_id")]
        return _send_file(render_difference(masks[0], masks[1]), "image/png")

    def _find_message(self, request: Request) -> Message:
        return self._history.get_message(owner_of(request), request.path_params["message_id"])

    def _load_comparison(self, request: Request) -> Comparison:
        return self._history.load_comparison(owner_of(request), request.path_params["message_id"])

    def _find_image(self, request: Request) -> ImageRef:
        message = self._find_message(request)
        if message.image is None:
            raise MaskNotFoundError
        return message.image


class ExampleRoutes:
    """Thumbnails of the examples; for everybody."""

    def __init__(self, examples: tuple[Example, ...]) -> None:
        self._examples = examples
        self._thumbnails: dict[int, bytes] = {}

    def send_thumbnail(self, request: Request) -> Response:
        """A small picture of an example."""
        index = request.path_params["index"]
        if not 0 <= index < len(self._examples):
            return JSONResponse({"error": "There is no such example."}, status_code=HTTPStatus.NOT_FOUND)
        if index not in self._thumbnails:
            self._thumbnails[index] = render_thumbnail(self._examples[index].path)
        return Response(self._thumbnails[index], media_type="image/jpeg", headers={"Cache-Control": PUBLIC_CACHE})


class WatchRoutes:
    """What those who run the server look at."""

    def __init__(self, services: UiServices, settings: PageSettings) -> None:
        self._services = services
        self._settings = settings

    def send_health(self, request: Request) -> Response:
        """Whether the server can do its work: 200, or 503 when the history does not answer."""
        try:
            self._services.history.list_conversations(HEALTH_OWNER, limit=1)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not healthy", and the log has the rest
            structlog.get_logger("segearth.ui").error("health_failed", exc_info=error)
            return JSONResponse(
                {"status": "unavailable", "history": "unavailable"}, status_code=HTTPStatus.SERVICE_UNAVAILABLE
            )
        return JSONResponse({"status": "ok", "history": "ok", "model": self._settings.model_label})

    def send_metrics(self, request: Request) -> Response:
        """Figures in Prometheus' text format."""
        return Response(self._services.metrics.render(), headers={"Content-Type": CONTENT_TYPE})


def _read_fate(request: Request) -> Fate:
    try:
        return Fate(request.path_params["fate"])
    except ValueError as error:
        raise ComparisonMissingError from error


def _send_file(content: bytes, media_type: str, *, download: str | None = None) -> Response:
    headers = {"Cache-Control": PRIVATE_CACHE, "Vary": "Cookie", "Cross-Origin-Resource-Policy": "same-origin"}
    if download is not None:
        headers["Content-Disposition"] = f'attachment; filename="{download}"'
    return Response(content, media_type=media_type, headers=headers)


def _name_download(request: Request, message: Message, name: str) -> str | None:
    """Return a plain ASCII file name where the address asks for a download."""
    if "download" not in request.query_params or message.image is None:
        return None
    stem = Path(message.image.name).stem
    plain = "".join(character if character.isascii() and character.isalnum() else "-" for character in stem)
    return f"{plain.strip('-')[:60] or 'image'}-{name}"
