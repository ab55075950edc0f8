"""What a training tells of itself while it goes on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """One finished epoch.

    `loss` and `accuracy` are the running means over the epoch, with dropout and on distorted images where the recipe
    distorts them; `val_loss` and `val_accuracy` are taken at its end on the held-out images, without either and with
    the weights that would be kept. Losses are cross-entropies in nats, of the labels as they are. `learning_rate` is
    the mean of the first and the last step's, `seconds` the epoch's wall time with its validation.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float

    @property
    def line(self) -> str:
        """The epoch as one line of text."""
        return (
            f"epoch {self.epoch:2d}  loss {self.loss:.4f}  accuracy {self.accuracy:.2%}  "
            f"held out: loss {self.val_loss:.4f}  accuracy {self.val_accuracy:.2%}  "
            f"rate {self.learning_rate:.1e}  {self.seconds:.0f} s"
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands within an epoch: `step` of `steps`."""

    epoch: int
    step: int
    steps: int
