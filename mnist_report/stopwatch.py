"""How long each stage took."""

import time


class Stopwatch:
    """Seconds per stage, one lap after the other."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self.laps[stage] = round(now - self._began, 3)
        self._began = now
