"""Temperature scaling: one number that makes a model's confidences mean what they say.

Source: Guo et al., On Calibration of Modern Neural Networks (2017). Dividing the logits by T is the same as taking the
probabilities to the power 1 / T and dividing each row by its sum, so the logits are not needed.
"""

import math

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.05, 20.0
EPSILON = float(np.finfo(np.float64).eps)


def with_temperature(
    probabilities: NDArray[np.floating], temperature: float, floor: float = EPSILON
) -> NDArray[np.float64]:
    """The probabilities at another temperature; above 1 they are less sure.

    Args:
        probabilities: shape (n, classes).
        temperature: above 0; 1 changes nothing.
        floor: what they are clipped at.
    """
    logits = _logits(probabilities, floor) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    bounds: tuple[float, float] = (LOWEST, HIGHEST),
    floor: float = EPSILON,
) -> float:
    """The temperature with the lowest log loss.

    Args:
        probabilities: shape (n, classes), of images that the model was not trained on.
        labels: shape (n,), their classes.
        bounds: the lowest and the highest that comes into question.
        floor: what the probabilities are clipped at.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    every, logits = np.arange(len(labels)), _logits(probabilities, floor)

    def log_loss(log_temperature: float) -> float:
        # Not clipped once more: the loss then has one minimum, and no sure mistake gets cheaper than it is.
        scaled = logits / math.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[every, labels]).mean())

    found = minimize_scalar(
        log_loss, bounds=(math.log(bounds[0]), math.log(bounds[1])), method="bounded", options={"xatol": 1e-6}
    )
    return math.exp(float(found.x))


def _logits(probabilities: NDArray[np.floating], floor: float) -> NDArray[np.float64]:
    logits: NDArray[np.float64] = np.log(np.clip(probabilities.astype(np.float64), floor, 1.0))
    return logits
