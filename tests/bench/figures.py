"""What was measured, as it is kept beside the page: a group of figures with where and when they were taken."""

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from rounds import Bar, Measured, Point, Row

from mnist_report.model.backend import cpu_name

LIBRARIES = (
    "mnist-report",
    "tensorflow",
    "keras",
    "jax",
    "numpy",
    "pyarrow",
    "pandas",
    "matplotlib",
    "weasyprint",
    "ray",
)


@dataclass(frozen=True)
class Group:
    """The figures of a group.

    Attributes:
        measured: what was found.
        machine: that it was found on.
        versions: of the libraries that were there.
        rounds: how many.
        date: on which it was measured, as YYYY-MM-DD.
    """

    measured: Measured
    machine: str
    versions: Mapping[str, str]
    rounds: int
    date: str

    @classmethod
    def of_today(cls, measured: Measured, rounds: int) -> Self:
        """What was measured here and now."""
        return cls(measured, machine(), versions(), rounds, f"{datetime.now(UTC):%Y-%m-%d}")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From JSON."""
        measured = Measured(
            [Row(**row) for row in values["rows"]],
            [Point(**point) for point in values["points"]],
            [Bar(**bar) for bar in values["bars"]],
        )
        return cls(measured, values["machine"], values["versions"], values["rounds"], values["date"])

    def values(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "date": self.date,
            "machine": self.machine,
            "rounds": self.rounds,
            "versions": dict(self.versions),
            **{name: [asdict(one) for one in getattr(self.measured, name)] for name in ("rows", "points", "bars")},
        }


def read_groups(path: Path) -> dict[str, Group]:
    """By name; none where there is no such file yet."""
    if not path.exists():
        return {}
    return {name: Group.read(values) for name, values in json.loads(path.read_text("utf-8")).items()}


def write_groups(path: Path, groups: Mapping[str, Group]) -> None:
    """As JSON, a line for each row, point and bar."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [f"{json.dumps(name)}: {_group_text(group.values())}" for name, group in groups.items()]
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


def _group_text(values: Mapping[str, Any]) -> str:
    fields = []
    for name, value in values.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list):
            lines = ",\n".join("    " + json.dumps(_rounded(one), ensure_ascii=False) for one in value)
            text = f"[\n{lines}\n  ]" if value else "[]"
        fields.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(fields) + "\n}"


def _rounded(value: Any) -> Any:
    """No clock is surer than a tenth of a millisecond."""
    if isinstance(value, float):
        return round(value, 4)
    return {name: _rounded(one) for name, one in value.items()} if isinstance(value, dict) else value


def machine() -> str:
    """What is measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {cpu_name()}, {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def versions() -> dict[str, str]:
    """Of the libraries that are there."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
