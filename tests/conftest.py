"""What holds for all tests."""

from hypothesis import settings

# No verdict by the clock: on a busy machine the first example pays for what is loaded late.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
