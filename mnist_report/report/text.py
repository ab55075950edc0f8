"""Numbers as text that does not lie: digits follow the interval, and 100 % is only said of all."""

import math
from collections.abc import Mapping

from mnist_report.evaluation.metrics import Metric

DASH = "\N{EN DASH}"


def short(word: str, most: int) -> str:
    """A word, cut off with an ellipsis where it is longer."""
    return word if len(word) <= most else f"{word[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def class_name(name: str) -> str:
    """A class's name in a sentence, where a digit alone would be taken for a value."""
    return f"class {name}" if name.isdecimal() else name


def percent(metric: Metric) -> str:
    """A share with as many decimals as its interval (or, without one, its n) can carry."""
    return share(metric.value, decimals(metric))


def percent_interval(metric: Metric) -> str:
    """The interval of a share: "99.43 to 99.70 %", with a dash for "to"."""
    if math.isnan(metric.ci_low):
        return DASH
    places = decimals(metric)
    return f"{_bound(metric.ci_low, places)} {DASH} {_bound(metric.ci_high, places)} %"


def share(value: float, places: int) -> str:
    """A proportion in percent; neither 0 nor 100 unless it is exactly that: "> 99.99 %", "< 0.01 %"."""
    if math.isnan(value):
        return DASH
    shown, step = round(100 * value, places), 10.0**-places
    if shown >= 100 > 100 * value:
        return f"> {100 - step:.{places}f} %"
    if shown <= 0 < value:
        return f"< {step:.{places}f} %"
    return f"{shown:.{places}f} %"


def _bound(value: float, places: int) -> str:
    """A bound of an interval, which stays below 100 and above 0 unless it is exactly that."""
    step = 10.0**-places
    shown = round(100 * value, places)
    if value not in (0, 1):
        shown = min(max(shown, step), 100 - step)
    return f"{shown:.{places}f}"


def decimals(metric: Metric) -> int:
    """Two significant digits of the interval's half width in percentage points, but at most 3 decimals."""
    half = 50 * (metric.ci_high - metric.ci_low)
    if math.isnan(half) or half <= 0:
        return max(0, min(2, round(math.log10(max(metric.n, 1))) - 1))
    return max(0, min(3, 1 - math.floor(math.log10(half))))


def number(value: float, places: int) -> str:
    """A plain number, or a dash where it is undefined; a tiny one keeps two significant digits."""
    if math.isnan(value):
        return DASH
    if value != 0 and abs(value) < 10.0**-places:
        return f"{value:.1e}"
    return f"{value:.{places}f}"


def interval(metric: Metric, places: int) -> str:
    """The interval of a plain number."""
    if math.isnan(metric.ci_low):
        return DASH
    return f"{number(metric.ci_low, places)} {DASH} {number(metric.ci_high, places)}"


def accuracy_sentence(metrics: Mapping[str, Metric]) -> str:
    """The result in one line: accuracy, interval, errors and n."""
    accuracy, errors = metrics["accuracy"], int(metrics["errors"].value)
    return (
        f"accuracy {percent(accuracy)} (95 % interval {percent_interval(accuracy)}), "
        f"{count(errors)} of {plural(accuracy.n, 'image')} wrong"
    )


def count(value: int) -> str:
    """A whole number with separators."""
    return f"{value:,}"


def plural(value: int, word: str) -> str:
    """Like "1 image", "2 images"."""
    return f"{value:,} {word}{'' if value == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def size(n_bytes: int) -> str:
    """Bytes as kB or MB (powers of ten)."""
    return f"{n_bytes / 1e6:.2f} MB" if n_bytes >= 999_950 else f"{n_bytes / 1e3:.1f} kB"
