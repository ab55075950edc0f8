"""A curve as small as a word, for a terminal that shows training as it goes on."""

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
MOST = 24


def curve(losses: Sequence[float]) -> str:
    """The last losses as blocks, on a logarithmic scale from the lowest to the highest of them.

    Args:
        losses: above 0.
    """
    logs = [math.log(loss) for loss in losses[-MOST:] if loss > 0]
    lowest, highest = min(logs, default=0.0), max(logs, default=0.0)
    scale = (len(BLOCKS) - 1) / (highest - lowest) if highest > lowest else 0.0
    return "".join(BLOCKS[round((value - lowest) * scale)] for value in logs)
