from ui.stopwatch import Stopwatch


def build_stopwatch(*looks: float) -> Stopwatch:
    """A stopwatch whose clock shows `looks`, one at each look."""
    shown = iter(looks)
    return Stopwatch(clock=lambda: next(shown))


def test_pause_is_not_counted() -> None:
    stopwatch = build_stopwatch(0.0, 5.0, 100.0, 101.0)
    stopwatch.pause()
    stopwatch.go_on()
    assert stopwatch.seconds == 6.0


def test_pause_that_lasts_is_not_counted() -> None:
    stopwatch = build_stopwatch(0.0, 5.0)
    stopwatch.pause()
    stopwatch.pause()
    assert stopwatch.seconds == 5.0


def test_going_on_without_a_pause_changes_nothing() -> None:
    stopwatch = build_stopwatch(0.0, 7.0)
    stopwatch.go_on()
    assert stopwatch.seconds == 7.0
