"""The model on the workers of a Ray cluster; each holds it in a process of its own, as this machine would."""

import importlib
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.counting import Counted, Plan
from mnist_report.data.shards import Shard, Shards
from mnist_report.engines import Engine
from mnist_report.errors import ConfigError, DeviceError, MnistReportError, ModelError
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.outputs import Agreement
from mnist_report.model.precision import Precision, check_precision
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import ModelFile
from mnist_report.ray_cluster import check_cluster, cluster, one_line, share_of
from mnist_report.ray_worker import Worker, pack

log = logging.getLogger("mnist_report")

# CPUs for one worker where the cluster has no GPU: the libraries below keep so many busy.
CPUS_A_WORKER = 4
# A shard that so many workers in a row did not survive is at fault itself.
MOST_TRIES = 4
# So many shards for each worker may be finished before it is their turn to be added up.
AHEAD = 4
END_SECONDS, START_SECONDS = 5, 600


@dataclass(slots=True)
class RayEngine:
    """Workers of a cluster; see `counting.ModelEngine`.

    Attributes:
        model: its file.
        workers: how many there are.
        retries: how often a shard was given to another worker.
    """

    model: ModelFile
    workers: int
    _start: Callable[[], Any]
    _crew: list[Any]
    retries: int = 0

    def wait_until_loaded(self) -> tuple[Anatomy, Backend]:
        """See `RunningModel.wait_until_loaded`; all workers have then loaded it."""
        ray: Any = importlib.import_module("ray")
        asked = [worker.loaded.remote() for worker in self._crew]
        _, missing = ray.wait(asked, num_returns=len(asked), timeout=START_SECONDS)
        if missing:
            there = ", ".join(f"{count:g} {kind}" for kind, count in ray.cluster_resources().items() if kind.isupper())
            raise DeviceError(
                f"--engine ray: {len(missing)} of {self.workers} workers have not begun within {START_SECONDS} s; the "
                f"cluster has {there}: give fewer --workers, or wait until it is free"
            )
        loaded = [self._ask(number, "loaded") for number in range(self.workers)]
        anatomy, backend = loaded[0]
        log.info(
            "%s: loaded by %d workers on %s (%s)", self.model.path.name, self.workers, backend.device, backend.name
        )
        return anatomy, backend

    def predict(
        self, images: NDArray[np.uint8], show: Callable[[int, int], None], preparation: Preparation | None = None
    ) -> Inference:
        """See `RunningModel.predict`; the first worker does it."""
        answer: Inference = self._ask(0, "predict", images, preparation)
        show(len(images), len(images))
        return answer

    def agreement(
        self, images: NDArray[np.uint8], inference: Inference, anatomy: Anatomy, preparation: Preparation | None
    ) -> Agreement:
        """See `RunningModel.agreement`; the first worker tells."""
        found: Agreement = self._ask(0, "agreement", images, inference, anatomy, preparation)
        return found

    def _ask(self, number: int, method: str, *arguments: Any) -> Any:
        """What a worker answers, or the one that takes its place.

        Raises:
            MnistReportError: the worker's own, or too many are lost.
        """
        for attempt in range(MOST_TRIES):
            try:
                return _get(getattr(self._crew[number], method).remote(*arguments))
            except _LostError as error:
                self._replace(number, f"loading {self.model.path}", error, attempt + 1)
        raise AssertionError  # the last one was too many

    def _replace(self, number: int, doing: str, error: Exception, tries: int) -> None:
        """Put a new worker in the place of a lost one.

        Raises:
            ModelError: it is not the first over this.
        """
        if tries == MOST_TRIES:
            raise ModelError(f"--engine ray: {MOST_TRIES} workers were lost over {doing}: {error}") from error
        log.warning("a worker was lost over %s; another one takes its place: %s", doing, error)
        self._crew[number] = self._start()

    def count(self, shards: Shards, plan: Plan, show: Callable[[int, int], None]) -> Iterator[Counted]:
        """See `counting.ModelEngine.count`.

        A shard whose worker is lost is given to a new one. What a lost worker had not handed over does not count, so
        each shard counts once.
        """
        import ray

        if not shards.apart:
            raise ConfigError(
                f"--engine ray: {shards.source} can only be read from its beginning, so workers cannot share it; "
                "give Parquet files, uncompressed IDX files or a folder of pictures"
            )
        waiting, idle = deque(shards.shards), deque(range(self.workers))
        # What each answer will be of: a worker's number, and its shard, or None where a new worker loads the model.
        asked: dict[Any, tuple[int, Shard | None]] = {}
        finished: dict[int, Counted] = {}
        lost: Counter[str] = Counter()
        turn = done = 0
        while turn < len(shards.shards):
            while idle and waiting and waiting[0].number < turn + AHEAD * self.workers:
                free, coming = idle.popleft(), waiting.popleft()
                asked[self._crew[free].count.remote(coming, plan)] = free, coming
            somebody_works = any(part is not None for _, part in asked.values())
            ready, _ = ray.wait(list(asked), timeout=None if somebody_works else START_SECONDS)
            if not ready:
                raise DeviceError(f"--engine ray: no worker came in the place of lost ones within {START_SECONDS} s")
            number, shard = asked.pop(ready[0])
            try:
                answer = _get(ready[0])
            except _LostError as error:
                doing = shard.name if shard is not None else f"loading {self.model.path}"
                lost[doing] += 1
                self._replace(number, doing, error, lost[doing])
                asked[self._crew[number].loaded.remote()] = number, None
                if shard is not None:
                    waiting.appendleft(shard)
                    self.retries += 1
                continue
            idle.append(number)
            if shard is None:
                lost.clear()  # what was lost before it was not the model's fault
            else:
                finished[shard.number] = answer
                done += shard.n
                show(done, shards.n)
            while turn in finished:
                yield finished.pop(turn)
                turn += 1

    def end(self) -> None:
        """Let the workers clear up, as far as they do it at once."""
        import ray

        ray.wait([worker.end.remote() for worker in self._crew], num_returns=self.workers, timeout=END_SECONDS)


@contextmanager
def ray_engine(
    model: ModelFile, device: str, batch_size: int | None, precision: Precision, engine: Engine
) -> Iterator[RayEngine]:
    """Start workers in a cluster, which is started here where no address is given; both end with the context.

    Args:
        model: a file that was looked at.
        device: "auto", "cpu" or "gpu".
        batch_size: images per call of the model; None for as many as suit the device.
        precision: of the numbers that the model computes in.
        engine: how many workers, and where.

    Raises:
        ConfigError: Ray is not installed, the number of workers is below 1, or the model cannot have that precision.
        DeviceError: the cluster cannot be reached, or has no GPU and one is asked for.
    """
    check_precision(model, precision)
    check_cluster(engine)
    with cluster(engine) as ray:
        there = ray.cluster_resources()
        gpus = 0 if device == "cpu" else int(there.get("GPU", 0))
        cpus = int(there.get("CPU", 1))
        if device == "gpu" and not gpus:
            raise DeviceError("--device gpu: the Ray cluster has no GPU; use --device auto")
        workers = engine.workers or gpus or max(1, cpus // CPUS_A_WORKER)
        each = max(1, cpus // workers)
        # Less than a CPU where there are more workers than CPUs; else they would wait for one for ever.
        share = {"num_cpus": share_of(cpus, workers), "num_gpus": share_of(gpus, workers)}
        remote, packed = ray.remote(**share)(Worker), ray.put(pack(model.loaded))

        def start() -> Any:
            return remote.remote(packed, replace(model, copy=None), (device, batch_size, precision), each)

        running = RayEngine(model, workers, start, [start() for _ in range(workers)])
        try:
            yield running
        finally:
            running.end()


class _LostError(Exception):
    """A worker, or what it had to say, is lost."""


def _get(reference: Any) -> Any:
    """What a worker answers.

    Raises:
        MnistReportError: the worker's own.
        _LostError: there will be no answer.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        if isinstance(error.cause, MnistReportError):
            raise error.cause from error
        raise
    except RayError as error:
        raise _LostError(one_line(error)) from error
