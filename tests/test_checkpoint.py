"""Checkpoints on disk."""

import json

import numpy as np
import pytest

from mnist_report.errors import ModelError, OutputError
from mnist_report.model.checkpoint import Checkpoint, Plan, assign, checkpoint_path, read_checkpoint, write_checkpoint
from mnist_report.model.epochs import Epoch
from mnist_report.model.recipes import STRONG

PLAN = Plan(STRONG, "ab" * 32, "digits.keras")
EPOCH = Epoch(1, 0.25, 0.9, 0.1, 0.97, 1e-3, 60.5)


@pytest.fixture
def state():
    """A checkpoint with arrays of several kinds and shapes."""
    generator = np.random.default_rng(0)
    model = (generator.random((3, 4), np.float32), np.array([1, 2], np.uint32))
    optimizer = (np.array(422), generator.random(7))
    return Checkpoint((EPOCH,), 60.5, model, optimizer, (generator.random((3, 4), np.float32),))


@pytest.fixture
def stored(state, tmp_path):
    """It as a file."""
    path = tmp_path / "digits.checkpoint.npz"
    write_checkpoint(path, PLAN, state)
    return path


def test_a_checkpoint_lies_beside_its_model(tmp_path):
    """With the model's name."""
    assert checkpoint_path(tmp_path / "digits.keras") == tmp_path / "digits.checkpoint.npz"


def test_what_is_written_is_read(stored, state):
    """Bit for bit, in the order that it had."""
    plan, found = read_checkpoint(stored)
    assert plan == PLAN
    assert (found.history, found.seconds) == (state.history, state.seconds)
    for group in ("model", "optimizer", "best"):
        for one, other in zip(getattr(found, group), getattr(state, group), strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


def test_a_checkpoint_takes_the_place_of_the_one_before(stored, state):
    """And leaves nothing beside it."""
    later = Checkpoint((EPOCH, EPOCH), 121.0, state.model, state.optimizer, state.best)
    write_checkpoint(stored, PLAN, later)
    assert len(read_checkpoint(stored)[1].history) == 2
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def test_a_checkpoint_that_cannot_be_written_is_an_error_that_names_it(state, tmp_path):
    """The one before stays."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/x\.npz: cannot be written"):
        write_checkpoint(tmp_path / "file" / "x.npz", PLAN, state)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    """With what writes one."""
    with pytest.raises(ModelError, match=r"x\.npz: no such checkpoint; a training writes one after each epoch"):
        read_checkpoint(tmp_path / "x.npz")


@pytest.mark.parametrize("keep", [0, 1, 10, 200, -100, -1])
def test_a_checkpoint_that_was_cut_off_is_named(stored, keep):
    """As a full disk or a copy that broke off leave it."""
    stored.write_bytes(stored.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"digits\.checkpoint\.npz: not a checkpoint that can be read"):
        read_checkpoint(stored)


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("format", 2, "a checkpoint of format 2, expected 1"),
        ("history", [], "a checkpoint without an epoch"),
        ("history", [{"epoch": 1}], "not a checkpoint that can be read"),
        ("recipe", {"epochs": 0}, "not a checkpoint that can be read"),
        ("recipe", {"speed": 1}, "not a checkpoint that can be read"),
        ("recipe", 3, "not a checkpoint that can be read"),
    ],
)
def test_a_checkpoint_of_another_kind_is_named(stored, key, value, found):
    """With what is wrong, and that training starts anew."""
    with np.load(stored) as file:
        arrays = dict(file)
    head = json.loads(str(arrays.pop("head")))
    np.savez(stored, head=np.array(json.dumps({**head, key: value})), **arrays)
    with pytest.raises(ModelError, match=rf"digits\.checkpoint\.npz: {found}.*; train from the start$"):
        read_checkpoint(stored)


def test_a_file_of_other_arrays_is_no_checkpoint(tmp_path):
    """Nor is a pickled one ever opened."""
    np.savez(tmp_path / "x.npz", images=np.zeros(3))
    with pytest.raises(ModelError, match="not a checkpoint that can be read"):
        read_checkpoint(tmp_path / "x.npz")
    np.savez(tmp_path / "y.npz", head=np.array([object()]))
    with pytest.raises(ModelError, match="not a checkpoint that can be read"):
        read_checkpoint(tmp_path / "y.npz")


class Variable:
    """What keras's variables have."""

    def __init__(self, shape):
        self.shape, self.value = shape, None

    def assign(self, value):
        """Take a value."""
        self.value = value


def test_variables_get_their_values():
    """Each its own."""
    variables, values = [Variable((2,)), Variable(())], [np.ones(2), np.array(3)]
    assign(variables, values, "model")
    assert [variable.value is value for variable, value in zip(variables, values, strict=True)] == [True, True]


@pytest.mark.parametrize("shapes", [[(2,)], [(2,), (), ()], [(3,), ()], [(), (2,)]])
def test_values_of_other_shapes_are_refused(shapes):
    """Before one is assigned."""
    variables = [Variable((2,)), Variable(())]
    with pytest.raises(ModelError, match=r"the checkpoint's model has .* train from the start"):
        assign(variables, [np.zeros(shape) for shape in shapes], "model")
    assert all(variable.value is None for variable in variables)
