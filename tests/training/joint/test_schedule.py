import pytest

from training.joint.schedule import count_steps, learning_rate_share


def test_the_learning_rate_rises_from_zero_then_falls_along_half_a_cosine() -> None:
    shares = [learning_rate_share(step, steps=100, warmup_share=0.03) for step in range(100)]

    assert shares[:4] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert shares[3:] == sorted(shares[3:], reverse=True)
    middle = learning_rate_share(51, steps=99, warmup_share=3 / 99)
    assert middle == pytest.approx(0.5)
    assert learning_rate_share(100, steps=100, warmup_share=0.03) == pytest.approx(0)


def test_steps_visit_every_image_as_often_as_asked() -> None:
    # EarthReason as the paper trains it: 2,371 images, 15 epochs, 8 devices with 2 images each.
    assert count_steps(images=2371, epochs=15, images_per_step=16) == 2223
    assert count_steps(images=3, epochs=0.1, images_per_step=16) == 1
