"""`mnist-report doctor`: what a run would meet on this machine."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mnist_report.commands.console import ConsoleOptions, console
from mnist_report.commands.evaluate import check_engine, check_sources
from mnist_report.commands.gating import GateOptions, load_gates
from mnist_report.commands.options import (
    FORMATS,
    Corrupted,
    Data,
    Device,
    EngineOptions,
    Format,
    Models,
    ModelSha256,
    Predictions,
    ReadingOptions,
    Reports,
    Split,
    TrustModel,
    check_digest,
    parse_formats,
)
from mnist_report.config import find_config
from mnist_report.data.reading import AS_IT_IS
from mnist_report.engines import LOCAL

BROKEN = 3


def doctor(
    *,
    model: Models = None,
    predictions: Predictions = None,
    trust_model: TrustModel = False,
    model_sha256: ModelSha256 = None,
    data: Data = "mnist",
    split: Split = "test",
    reading: ReadingOptions = AS_IT_IS,
    corrupted: Corrupted = None,
    reports: Reports = Path("reports"),
    format: Format = None,  # noqa: A002  the option's name
    gate_options: GateOptions = GateOptions(),  # noqa: B008  frozen
    device: Device = "auto",
    engine: EngineOptions = LOCAL,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """See whether a run would work on this machine: a line for each thing it needs, with what to do where it is amiss.

    Called with the options of `mnist-report run`, or in the folder of a configuration, whose table [run] it follows, it
    looks at what that run would use. It writes nothing but a probe in the folder of the run folders, which it removes.
    The exit status is 3 where something fails, else 0.

    Args:
        as_json: Print JSON in place of text.
    """
    with console(console_options):
        from mnist_report.doctoring.check import Check, document, line, worst
        from mnist_report.doctoring.examination import Needs, examine
        from mnist_report.model.named import find_models
        from mnist_report.model.store import shipped_model

        check_digest(model_sha256)
        models = find_models(model or ())
        check_sources(models[0] if models else None, predictions, data)
        check_engine(engine)
        needs = Needs(
            reports=reports,
            formats=parse_formats(format) or FORMATS,
            device=device,
            models=models or (shipped_model(),),
            trust_model=trust_model,
            model_sha256=model_sha256,
            predictions=predictions,
            data=data,
            split=split,
            reading=reading,
            corrupted=corrupted,
            baseline=gate_options.baseline,
            engine=engine,
        )

        def rules() -> tuple[object, ...] | None:
            loaded = load_gates(gate_options)
            return None if loaded is None else loaded.gates

        config = console_options.config or getattr(find_config(Path.cwd()), "path", None)
        checks = [Check("configuration", "ok", str(config) if config else "none: all is as by default")]
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        if not as_json:
            print(line(checks[0], colour=colour), flush=True)
        # The machine's own clock, whatever stands in for it elsewhere.
        for check in examine(needs, datetime.now(UTC), os.environ.get("SOURCE_DATE_EPOCH"), rules):
            checks.append(check)
            if not as_json:
                print(line(check, colour=colour), flush=True)
        if as_json:
            print(json.dumps(document(checks), indent=1))
        return BROKEN if worst(checks) == "fail" else 0
