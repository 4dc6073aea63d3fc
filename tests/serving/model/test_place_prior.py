"""Rows and columns that the words do not mean are taken out of the mask."""

import torch

from serving.model.place_prior import PlacePrior

WAVES = 8


@torch.no_grad()
def test_an_untaught_prior_means_the_whole_image() -> None:
    added = PlacePrior(5, WAVES)(torch.randn(2, 3, 5), 16, 24)

    assert added.shape == (2, 3, 16, 24)
    assert float(added.max()) <= 0
    assert float(added.min()) > -0.25


@torch.no_grad()
def test_a_quarter_is_where_both_its_row_and_its_column_are_meant() -> None:
    prior = PlacePrior(1, WAVES)
    prior.bands.bias.zero_()
    # The word's one number turns the first cosine up along both axes: the upper left.
    prior.bands.weight[1] = prior.bands.weight[WAVES + 1] = 10.0

    (added,) = prior(torch.ones(1, 1, 1), 32, 32)[0]

    corners = added[2, 2], added[2, -3], added[-3, 2], added[-3, -3]
    assert corners[0] > -0.1
    assert corners[1] < -20
    assert corners[2] < -20
    assert corners[3] < corners[1] - 20, "neither its row nor its column is meant"
    torch.testing.assert_close(added, added.T)


@torch.no_grad()
def test_the_same_part_is_meant_whatever_the_grid() -> None:
    torch.manual_seed(0)
    prior = PlacePrior(3, WAVES)
    torch.nn.init.normal_(prior.bands.weight)
    word = torch.randn(1, 1, 3)

    coarse, fine = prior(word, 8, 10), prior(word, 3 * 8, 3 * 10)

    # The middle one of three fine cells lies where the coarse cell has its middle.
    torch.testing.assert_close(fine[..., 1::3, 1::3], coarse)


@torch.no_grad()
def test_a_part_of_a_larger_picture_has_its_part_of_the_prior() -> None:
    torch.manual_seed(0)
    prior = PlacePrior(3, WAVES)
    torch.nn.init.normal_(prior.bands.weight)
    words = torch.randn(2, 4, 3)
    bounds = torch.tensor([[0.25, 0.0, 0.75, 0.5], [0.5, 0.5, 1.0, 1.0]])

    whole, parts = prior(words, 16, 16), prior(words, 8, 8, bounds)

    torch.testing.assert_close(parts[0], whole[0, :, 0:8, 4:12])
    torch.testing.assert_close(parts[1], whole[1, :, 8:16, 8:16])
