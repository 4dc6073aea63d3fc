"""What holds for all tests."""

from hypothesis import settings

# No verdict by the clock: on a busy machine the first example pays for what is loaded late. And one commit has one
# verdict: the examples are the same in each run, unless `--hypothesis-profile search` asks for ones never tried.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("house")
