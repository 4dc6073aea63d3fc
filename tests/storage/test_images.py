"""An upload is checked, rendered and kept once; a bad one leaves nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.errors import ImageError, ImageTooLargeError, ImageTruncatedError
from serving.imagery.admission import ImageLimits
from serving.imagery.rendering import load_rendering
from storage.blobs import LocalBlobStore
from storage.holding import sweep
from storage.images import ImageStore
from tests.fakes.image_files import write_raster
from tests.fakes.stores import Store, open_store


def blob_count(store_folder: Path) -> int:
    return sum(1 for path in (store_folder / "blobs").rglob("*") if path.is_file())


def test_the_original_is_kept_byte_for_byte_beside_its_rendering(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        image = store.admit_tiny_image("field.tif", gsd_m=0.5)
        original = (tmp_path / "upload-0").read_bytes()
        (tmp_path / "upload-0").unlink()
        assert image.path.read_bytes() == original
        assert load_rendering(image).shape == (5, 4, 3)
        assert (image.name, image.format) == ("field.tif", "GTiff")
        assert image.grid.gsd_m == pytest.approx((0.5, 0.5), rel=1e-3)


def test_the_same_image_twice_is_one_image(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = store.admit_tiny_image("field.tif", gsd_m=0.5)
        again = store.admit_tiny_image("field.tif", gsd_m=0.5)
        assert again == first
        assert blob_count(tmp_path) == 2


def test_the_same_image_by_another_name_has_that_name(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = store.admit_tiny_image("secret site.tif", gsd_m=0.5)
        again = store.admit_tiny_image("field.tif", gsd_m=0.5)
        assert again.name == "field.tif"
        assert again.digest == first.digest


def test_a_reference_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        path = write_raster(tmp_path / "odd", np.full((4, 3, 3), np.nan, dtype=np.float32))
        first = store.images.admit_image(path, "odd.tif")
        assert first.notes
    with open_store(tmp_path) as store:
        assert store.images.admit_image(path, "odd.tif") == first


class SweptBlobs(LocalBlobStore):
    """Blobs of a machine on which somebody sweeps everything right after each one is stored."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.folder / "blobs")
        self._store = store

    def put_bytes(self, content: bytes) -> str:
        digest = super().put_bytes(content)
        sweep(self._store.database, self, self._store.clock)
        return digest

    def put_file(self, source: Path) -> str:
        digest = super().put_file(source)
        sweep(self._store.database, self, self._store.clock)
        return digest


def test_a_sweep_in_the_middle_takes_nothing_that_is_coming_in(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), "red").save(tmp_path / "a.png")
    with open_store(tmp_path) as store:
        images = ImageStore(store.database, SweptBlobs(store), clock=store.clock)
        image = images.admit_image(tmp_path / "a.png", "a.png")
        assert image.path.is_file()
        assert load_rendering(image).shape == (2, 3, 3)


def test_many_people_with_one_image_share_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        path = tmp_path / "upload.png"
        Image.fromarray(np.arange(75, dtype=np.uint8).reshape(5, 5, 3)).save(path)
        images = store.images
        with ThreadPoolExecutor(6) as threads:
            refs = list(threads.map(lambda _: images.admit_image(path, "a.png"), range(12)))
        assert all(ref == refs[0] for ref in refs)


def test_a_rendering_that_was_lost_is_made_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = store.admit_tiny_image("field.tif", gsd_m=0.5)
        expected = load_rendering(first)
        first.rendering_path.unlink()
        again = store.admit_tiny_image("field.tif", gsd_m=0.5)
        assert again == first
        np.testing.assert_array_equal(load_rendering(again), expected)


def test_a_bad_upload_leaves_nothing_behind(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:3000])
    (tmp_path / "empty.png").touch()
    (tmp_path / "letter.png").write_bytes(b"Dear all")
    with open_store(tmp_path) as store:
        with pytest.raises(ImageTruncatedError):
            store.images.admit_image(tmp_path / "cut.png", "cut.png")
        for name in ("empty.png", "letter.png", "nowhere.png"):
            with pytest.raises(ImageError):
                store.images.admit_image(tmp_path / name, name)
        assert blob_count(tmp_path) == 0


def test_the_limits_of_the_store_are_kept(tmp_path: Path) -> None:
    Image.new("RGB", (11, 10)).save(tmp_path / "a.png")
    with open_store(tmp_path) as store:
        images = ImageStore(store.database, store.blobs, ImageLimits(max_pixels=109))
        with pytest.raises(ImageTooLargeError):
            images.admit_image(tmp_path / "a.png", "a.png")


def test_a_name_that_no_database_takes_is_made_storable(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with open_store(tmp_path) as store:
        assert store.images.admit_image(tmp_path / "a.png", "a\ud800\x00.png").name == "a?�.png"
