"""Ray and its cluster, looked at without starting a worker."""

from importlib.metadata import PackageNotFoundError, version

from mnist_report.doctoring.check import Check
from mnist_report.engines import Engine
from mnist_report.errors import ConfigError, MnistReportError
from mnist_report.ray_cluster import check_cluster


def look_at_ray(engine: Engine) -> Check:
    """Whether Ray is installed, the cluster's address answers and the workers are not too many."""
    try:
        check_cluster(engine)
    except ConfigError as error:
        return Check("Ray", "fail", str(error), "mend --workers or --ray-address as it says")
    except MnistReportError as error:
        fix = "install it, start the cluster or mend --ray-address; or take --engine local"
        return Check("Ray", "fail", str(error), fix)
    try:
        found = version("ray")
    except PackageNotFoundError:  # built otherwise, as for a cluster of one's own
        found = "of an unknown version"
    where = f"cluster at {engine.ray_address}" if engine.ray_address else "a run starts a cluster of this machine"
    return Check("Ray", "ok", f"{found}, {where}")
