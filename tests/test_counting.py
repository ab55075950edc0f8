"""What is done with a shard."""

import pickle

import numpy as np
from counted_work import ANATOMY, means, nearest

from mnist_report.counting import Plan, count_shard
from mnist_report.data.reading import AS_IT_IS
from mnist_report.data.shard_reading import read_shard
from mnist_report.data.shards import find_shards
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.tally import Tally
from mnist_report.inference import Inference
from mnist_report.model.arranging import AS_THEY_ARE, find_layout
from mnist_report.model.scaling import Preparation

NAMES = tuple("0123456789")


def counted(*, rows):
    """The first shard of the embedded test set, by the nearest mean."""
    shard = find_shards("mnist", "test", AS_IT_IS).shards[0]
    part = read_shard(shard, NAMES)
    preparation = Preparation(find_layout((28, 28, 1), (28, 28)), AS_THEY_ARE)
    plan = Plan(NAMES, ANATOMY, preparation, "probabilities", 1.5, Wanted(20, 3), rows, "means.keras")
    inference = Inference(nearest(part.images, means()), 500, 1.0)
    return count_shard(shard, part, inference, pickle.loads(pickle.dumps(plan))), part  # noqa: S301  our own


def test_a_shard_is_counted():
    """As its images would be at once; a plain loop counts the right ones."""
    found, part = counted(rows=True)
    said = nearest(part.images, means()).argmax(axis=1)
    assert int(np.trace(found.summary.tally.confusion)) == sum(a == b for a, b in zip(said, part.labels, strict=True))
    assert repr(found.summary.tally.loss) == repr(Tally.of(found.predictions).loss)
    assert found.sha256 == part.sha256
    assert found.batch_size == 500
    assert found.predictions.index.tolist() == list(range(10_000))


def test_rows_that_nobody_wants_stay_where_they_are():
    """What goes back to the one who asked is small."""
    found, _ = counted(rows=False)
    assert found.predictions is None
    assert len(pickle.dumps(found)) < 2_000_000
    assert len(found.summary.kept.predictions) < 2_000
