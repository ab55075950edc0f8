"""Where the images are predicted."""

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where the images are predicted, and what is kept of that.

    Attributes:
        engine: local: in a process of this machine; ray: in parts, by the workers of a Ray cluster (extra ray).
        workers: So many workers of Ray; by default one for each GPU of the cluster, or for each four of its CPUs.
        ray_address: Of the cluster, such as auto or ray://host:10001; by default one is started here.
        no_predictions: Count the images part by part and store no row per image. So it is done with more images than
            memory holds, and with Ray, too, but with the rows stored.
    """

    engine: Literal["local", "ray"] = "local"
    workers: int | None = None
    ray_address: str | None = None
    no_predictions: Annotated[bool, Parameter(negative=())] = False


LOCAL = Engine()
