"""Images on their way to another process."""

import multiprocessing
from threading import Thread

import numpy as np
import pytest

from mnist_report.model.transfer import receive_images, send_images


@pytest.mark.parametrize("images", [np.arange(24).reshape(2, 3, 4), np.arange(3_000_000).reshape(3, 1_000, 1_000)])
def test_what_is_sent_arrives(images):
    """More than a pipe holds at once, too; also what does not lie in one piece."""
    ours, theirs = multiprocessing.Pipe()
    sent = images.astype(np.uint8)[:, ::-1]
    Thread(target=send_images, args=(ours, sent, ("about", 1)), daemon=True).start()
    received, about = receive_images(theirs)
    np.testing.assert_array_equal(received, sent)
    assert (received.dtype, about) == (np.uint8, ("about", 1))


def test_messages_of_other_kinds_may_follow():
    """Nothing of the images is left in the pipe."""
    ours, theirs = multiprocessing.Pipe()
    send_images(ours, np.ones((1, 2, 2), np.uint8), None)
    ours.send("next")
    receive_images(theirs)
    assert theirs.recv() == "next"


def test_an_end_within_the_images_is_an_end():
    """A parent that is killed while it sends leaves no process that waits."""
    ours, theirs = multiprocessing.Pipe()
    ours.send(((2, 3, 4), None))
    ours.close()
    with pytest.raises(EOFError):
        receive_images(theirs)
