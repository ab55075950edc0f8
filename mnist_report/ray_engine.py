"""The model on the workers of a Ray cluster; each holds it in a process of its own, as this machine would."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_report.counting import Counted, Plan
from mnist_report.data.shards import Shard, Shards
from mnist_report.engines import Engine
from mnist_report.errors import DeviceError, ModelError
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.outputs import Agreement
from mnist_report.model.precision import Precision, check_precision
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import ModelFile
from mnist_report.ray_cluster import check_workers, cluster, one_line, share_of
from mnist_report.ray_worker import Worker, pack
from mnist_report.report import text

log = logging.getLogger("mnist_report")

# CPUs for one worker where the cluster has no GPU: the libraries below keep so many busy.
CPUS_A_WORKER = 4
# What so many workers did not survive is at fault itself.
MOST_TRIES = 4
# So many shards for each worker may be finished before it is their turn to be added up.
AHEAD = 4
END_SECONDS, START_SECONDS = 5, 600


class _Hand(NamedTuple):
    """A worker, and the reference of what it says of the model that it loads."""

    worker: Any
    loaded: Any


@dataclass(slots=True)
class RayEngine:
    """Workers of a cluster; see `counting.ModelEngine`.

    Attributes:
        model: its file.
        retries: how often a shard was given to another worker.
    """

    model: ModelFile
    _start: Callable[[], _Hand]
    _crew: list[_Hand]
    _lost: Counter[str] = field(default_factory=Counter)
    retries: int = 0

    @property
    def workers(self) -> int:
        """How many there are."""
        return len(self._crew)

    def wait_until_loaded(self) -> tuple[Anatomy, Backend]:
        """See `RunningModel.wait_until_loaded`; all workers have then loaded it."""
        crew = text.plural(self.workers, "worker")
        log.info("%s: %s of Ray begin to load it", self.model.path.name, crew)
        loaded = [self._loaded(number) for number in range(self.workers)]
        anatomy, backend = loaded[0]
        log.info("%s: loaded by %s on %s (%s)", self.model.path.name, crew, backend.device, backend.name)
        return anatomy, backend

    def predict(
        self, images: NDArray[np.uint8], show: Callable[[int, int], None], preparation: Preparation | None = None
    ) -> Inference:
        """See `RunningModel.predict`; the first worker does it."""
        answer: Inference = self._ask("predict", images, preparation)
        show(len(images), len(images))
        return answer

    def agreement(
        self, images: NDArray[np.uint8], inference: Inference, anatomy: Anatomy, preparation: Preparation | None
    ) -> Agreement:
        """See `RunningModel.agreement`; the first worker tells."""
        found: Agreement = self._ask("agreement", images, inference, anatomy, preparation)
        return found

    def count(self, shards: Shards, plan: Plan, show: Callable[[int, int], None]) -> Iterator[Counted]:
        """See `counting.ModelEngine.count`.

        A shard whose worker is lost is given to another one. What a lost worker had not handed over does not count, so
        each shard counts once.
        """
        waiting, idle = deque(shards.shards), deque(range(self.workers))
        # What each answer will be of: a worker's number, and its shard, or None where a new worker loads the model.
        asked: dict[Any, tuple[int, Shard | None]] = {}
        finished: dict[int, Counted] = {}
        turn = done = 0
        while turn < len(shards.shards):
            while idle and waiting and waiting[0].number < turn + AHEAD * self.workers:
                free, coming = idle.popleft(), waiting.popleft()
                asked[self._crew[free].worker.count.remote(coming, plan)] = free, coming
            somebody_counts = any(part is not None for _, part in asked.values())
            reference = _first(list(asked), None if somebody_counts else START_SECONDS)
            number, shard = asked.pop(reference)
            try:
                answer = _get(reference)
            except _LostError as error:
                self._replace(number, self._loading if shard is None else f"shard {shard.number}, {shard.name}", error)
                asked[self._crew[number].loaded] = number, None
                if shard is not None:
                    waiting.appendleft(shard)
                    self.retries += 1
                continue
            idle.append(number)
            if shard is None:
                self._lost[self._loading] = 0  # those that follow were not lost in a row
                continue
            finished[shard.number] = answer
            done += shard.n
            show(done, shards.n)
            while turn in finished:
                yield finished.pop(turn)
                turn += 1

    def end(self) -> None:
        """Let the workers clear up, as far as they do it at once."""
        import ray

        ray.wait([hand.worker.end.remote() for hand in self._crew], num_returns=self.workers, timeout=END_SECONDS)

    def _ask(self, method: str, *arguments: Any) -> Any:
        """What the first worker answers, or the one that takes its place.

        Raises:
            MnistReportError: the worker's own, or too many are lost.
        """
        while True:
            self._loaded(0)
            try:
                return _get(getattr(self._crew[0].worker, method).remote(*arguments))
            except _LostError as error:
                self._replace(0, "the first images", error)

    def _loaded(self, number: int) -> tuple[Anatomy, Backend]:
        """What a worker, or the one that takes its place, has loaded.

        Raises:
            MnistReportError: the worker's own, or too many are lost, or there is no room for one.
        """
        while True:
            try:
                found: tuple[Anatomy, Backend] = _get(_first([self._crew[number].loaded], START_SECONDS))
            except _LostError as error:
                self._replace(number, self._loading, error)
            else:
                self._lost[self._loading] = 0  # those that follow were not lost in a row
                return found

    @property
    def _loading(self) -> str:
        return f"loading {self.model.path}"

    def _replace(self, number: int, doing: str, error: Exception) -> None:
        """Put a new worker, which begins to load, in the place of a lost one.

        Raises:
            ModelError: so many were lost over the same that it is at fault itself.
        """
        self._lost[doing] += 1
        if self._lost[doing] == MOST_TRIES:
            raise ModelError(f"--engine ray: {MOST_TRIES} workers were lost over {doing}: {error}") from error
        log.warning("a worker was lost over %s; another one takes its place: %s", doing, error)
        self._crew[number] = self._start()


@contextmanager
def ray_engine(
    model: ModelFile, device: str, batch_size: int | None, precision: Precision, engine: Engine, *, shards: int
) -> Iterator[RayEngine]:
    """Start workers in a cluster, which is started here where no address is given; both end with the context.

    Args:
        model: a file that was looked at.
        device: "auto", "cpu" or "gpu".
        batch_size: images per call of the model; None for as many as suit the device.
        precision: of the numbers that the model computes in.
        engine: how many workers, and where.
        shards: how many there are to share.

    Raises:
        ConfigError: the model cannot have that precision, or there would be too many workers.
        DeviceError: Ray is not installed, the cluster cannot be reached, or has no GPU and one is asked for.
    """
    check_precision(model, precision)
    with cluster(engine) as ray:
        there = ray.cluster_resources()
        gpus = 0 if device == "cpu" else int(there.get("GPU", 0))
        cpus = int(there.get("CPU", 1))
        if engine.ray_address is not None:
            check_workers(engine, cpus, "the Ray cluster")
        if device == "gpu" and not gpus:
            raise DeviceError("--device gpu: the Ray cluster has no GPU; use --device auto")
        workers = crew_size(engine.workers, gpus, cpus, shards)
        each = max(1, cpus // workers)
        # Less than a CPU where there are more workers than CPUs; else they would wait for one for ever.
        share = {"num_cpus": share_of(cpus, workers), "num_gpus": share_of(gpus, workers)}
        # Else as many as have room there would begin on one machine, while the others idle.
        remote = ray.remote(scheduling_strategy="SPREAD", **share)(Worker)
        packed = ray.put(pack(model.loaded))

        def start() -> _Hand:
            worker = remote.remote()
            asked = (device, batch_size, precision)
            return _Hand(worker, worker.begin.remote(packed, replace(model, copy=None), asked, each))

        running = RayEngine(model, start, [start() for _ in range(workers)])
        try:
            yield running
        finally:
            running.end()


def crew_size(wanted: int | None, gpus: int, cpus: int, shards: int) -> int:
    """How many workers there are: no more than shards, for another one would load the model and idle.

    Args:
        wanted: as asked for, or None.
        gpus: of the cluster, as far as they may be used.
        cpus: of the cluster.
        shards: how many there are to share.
    """
    return min(wanted or gpus or max(1, cpus // CPUS_A_WORKER), max(1, shards))


class _LostError(Exception):
    """A worker, or what it had to say, is lost."""


def _first(references: list[Any], seconds: float | None) -> Any:
    """The first of some references to have its answer.

    Raises:
        DeviceError: none has it within so many seconds.
    """
    import ray

    ready, _ = ray.wait(references, timeout=seconds)
    if not ready:
        there = ", ".join(f"{count:g} {kind}" for kind, count in ray.cluster_resources().items() if kind.isupper())
        raise DeviceError(
            f"--engine ray: a worker has not loaded the model within {seconds} s; the cluster has {there}: give fewer "
            "--workers, or wait until it is free"
        )
    return ready[0]


def _get(reference: Any) -> Any:
    """What a worker answers.

    Raises:
        Exception: the worker's own, as if it were raised here.
        DeviceError: the worker's machine cannot run this program.
        _LostError: there will be no answer.
    """
    import ray
    from ray.exceptions import RayActorError, RayError, RayTaskError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:
        if isinstance(error, RayActorError) and error.actor_init_failed:
            # A worker's constructor does nothing, but its modules are imported before.
            reason = one_line(str(error).strip().splitlines()[-1])
            raise DeviceError(
                f"--engine ray: a worker cannot begin ({reason}); install mnist-report on all of its machines"
            ) from error
        raise _LostError(one_line(error)) from error
