"""What holds for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

# No verdict by the clock: on a busy machine the first example pays for what is loaded late. And one commit has one
# verdict: the examples are the same in each run, unless `--hypothesis-profile search` asks for ones never tried.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Let each of several processes that test side by side compute on one core, and look for ports in its own hundred.

    Both are read when torch and Gradio are imported, which is later than this.
    """
    if hasattr(config, "workerinput"):
        patch = pytest.MonkeyPatch()
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("GRADIO_SERVER_PORT", str(18_000 + 100 * int(config.workerinput["workerid"].removeprefix("gw"))))
        config.add_cleanup(patch.undo)


@pytest.fixture(scope="session", autouse=True)
def _own_uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the uploads of these tests' pages from those of other runs: a page that ends deletes what it took in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        yield
