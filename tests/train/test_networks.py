"""The built-in networks, the published start, the user's own factory."""
# ruff: noqa: E402

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch (the extra `train`)")

from bitsapart.errors import DataError
from bitsapart.train.batches import Batches, augmented, held_out_rows
from bitsapart.train.networks import build_network, mixes_items, output_count


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 8, 8), (3, 5, 9), (3, 64, 64)])
@pytest.mark.parametrize("network", ["linear", "mlp:7,3", "cnn"])
def test_every_network_takes_every_shape(network, shape):
    built = build_network(network, shape, 4)
    assert built(torch.zeros(3, *shape)).shape == (3, 4)
    assert not mixes_items(built)
    assert build_network(network, shape, 1, dtype=torch.float64)(torch.zeros(2, *shape).double()).dtype == torch.float64


def test_rows_are_flattened_in_the_order_height_width_channel():
    built = build_network("linear", (3, 2, 2), 1, init="zeros", dtype=torch.float64)
    with torch.no_grad():
        built[1].weight[0] = torch.arange(12.0)
    picture = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    by_hand = picture[0].permute(1, 2, 0).reshape(-1).numpy() @ np.arange(12.0)
    assert built(picture).item() == pytest.approx(by_hand)


def test_the_course_recipe_is_numpys_old_generator_seeded_with_one():
    for network, scale in (("mlp:4", 0.01), ("mlp:4,3", None)):
        built = build_network(network, (1, 2, 3), 1, init="course", dtype=torch.float64)
        state = np.random.RandomState(1)
        layers = [layer for layer in built if isinstance(layer, torch.nn.Linear)]
        for layer in layers:
            want = state.randn(layer.out_features, layer.in_features)
            want = want * scale if scale else want / np.sqrt(layer.in_features)
            assert (layer.weight.detach().numpy() == want).all()
            assert not layer.bias.any()
    with pytest.raises(DataError, match="a recipe for mlp networks"):
        build_network("linear", (1, 2, 3), 1, init="course")


def test_zeros_are_zeros():
    assert not any(parameter.any() for parameter in build_network("cnn", (1, 8, 8), 3, init="zeros").parameters())


def test_a_factory_is_found_beside_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_nets.py").write_text(
        "import torch\n"
        "def good(shape, outputs):\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, outputs))\n"
        "def wrong(shape, outputs):\n    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 7))\n"
        "def text(shape, outputs):\n    return 'net'\n"
        "def fails(shape, outputs):\n    raise KeyError('x')\n"
        "def frozen(shape, outputs):\n    return torch.nn.Flatten()\n"
        "def narrow(shape, outputs):\n    return torch.nn.Linear(99, outputs)\n"
    )
    assert mixes_items(build_network("my_nets:good", (1, 2, 2), 3))
    for name, sentence in {
        "my_nets:wrong": r"gave \[2, 7\] for two pictures, but must give logits of shape \[2, 3\]",
        "my_nets:text": "returned str, but must return a torch.nn.Module",
        "my_nets:fails": "failed when it was called",
        "my_nets:frozen": "has no parameters to train",
        "my_nets:narrow": r"failed on two pictures of shape \[1, 2, 2\]",
        "my_nets:none": "cannot be found",
        "no_such_module:net": "cannot be found",
        "resnet": "must be linear, mlp:20,7,5, cnn, or package.module:factory",
        "mlp:7,x": "the hidden layers' widths are whole numbers",
        "mlp:0": "the hidden layers' widths are whole numbers",
    }.items():
        with pytest.raises(DataError, match=sentence):
            build_network(name, (1, 2, 2), 3)


def test_two_classes_are_one_logit():
    assert [output_count(classes) for classes in (2, 3, 10)] == [1, 3, 10]


def test_an_epoch_sees_every_item_once_and_every_epoch_another_order():
    batches = Batches(10, 4, seed=3)
    assert batches.steps_in_epoch == 3
    first, second = ([batches.rows(step) for step in range(start, start + 3)] for start in (0, 3))
    assert [len(rows) for rows in first] == [4, 4, 2]
    assert sorted(np.concatenate(first)) == list(range(10))
    assert np.concatenate(first).tolist() != np.concatenate(second).tolist()
    assert Batches(10, 0, seed=3).rows(7).tolist() == list(range(10))
    assert Batches(3, 64, seed=3).rows(1).tolist() == [0, 1, 2]


def test_the_held_out_share_is_the_same_every_time_and_never_everything():
    assert held_out_rows(10, 0.2, 1).tolist() == held_out_rows(10, 0.2, 1).tolist()
    assert len(held_out_rows(10, 0.2, 1)) == 2
    assert len(held_out_rows(2, 0.9, 1)) == 1
    assert len(held_out_rows(3, 0.01, 1)) == 1
    assert len(held_out_rows(10, 0.0, 1)) == 0


def test_augmented_pictures_are_moved_by_a_pixel_and_depend_on_the_item_alone():
    pictures = torch.arange(2 * 64.0).reshape(2, 1, 8, 8)
    rows = np.array([4, 9])
    moved = augmented(pictures, rows, ("shift", "flip"), seed=1, step=5)
    again = augmented(pictures[1:], rows[1:], ("shift", "flip"), seed=1, step=5)
    assert (moved[1] == again[0]).all()
    seen = {tuple(augmented(pictures, rows, ("shift",), 1, step)[0].ravel().tolist()) for step in range(60)}
    assert len(seen) == 9
    assert augmented(pictures, rows, (), 1, 5) is pictures
