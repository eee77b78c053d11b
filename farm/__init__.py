"""The probe farm: how many sessions can a WebRTC media server hold?

    experiment = farm.load("calls.yaml")
    async with farm.open(experiment) as bench:
        result = await bench.trial(load=18)
        answer = await bench.find_capacity()
    run = farm.read(bench.folder)
    verdict = farm.judge(run.evidence(0), run.settings.criteria, baseline=run.baseline)
    search = farm.CapacitySearch(2, 60, 2)

The names in `__all__` are what others may build on: see docs/library.md. Each is imported when it
is asked for, so that `import farm` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from farm.bench.bench import Bench
    from farm.bench.loading import load
    from farm.bench.opening import open_bench as open
    from farm.bench.recorded_run import RecordedRun, read
    from farm.bench.silent import SilentObserver
    from farm.errors import (
        BadInput,
        CloudError,
        ExperimentError,
        FarmError,
        GeneratorError,
        InUse,
        KurentoError,
        MissingTool,
        NoSpace,
        RecordingError,
        ServerError,
        ServerLost,
        ServerUnreachable,
    )
    from farm.model.criteria import Criteria, InvalidLimits
    from farm.model.experiment import Experiment
    from farm.model.trial_evidence import TrialEvidence
    from farm.model.trial_result import TrialResult
    from farm.model.verdict import Outcome, Reason, Verdict
    from farm.protocols import Observer, Progress
    from farm.search.capacity_estimate import CapacityEstimate
    from farm.search.capacity_search import CapacitySearch
    from farm.verdict import judge
    from farm.verdict.baseline import Baseline, baseline_of

__all__ = [
    "BadInput",
    "Baseline",
    "Bench",
    "CapacityEstimate",
    "CapacitySearch",
    "CloudError",
    "Criteria",
    "Experiment",
    "ExperimentError",
    "FarmError",
    "GeneratorError",
    "InUse",
    "InvalidLimits",
    "KurentoError",
    "MissingTool",
    "NoSpace",
    "Observer",
    "Outcome",
    "Progress",
    "Reason",
    "RecordedRun",
    "RecordingError",
    "ServerError",
    "ServerLost",
    "ServerUnreachable",
    "SilentObserver",
    "TrialEvidence",
    "TrialResult",
    "Verdict",
    "baseline_of",
    "judge",
    "load",
    "open",
    "read",
]

_MODULES = {
    "farm.bench.bench": ("Bench",),
    "farm.bench.loading": ("load",),
    "farm.bench.opening": ("open",),
    "farm.bench.recorded_run": ("RecordedRun", "read"),
    "farm.bench.silent": ("SilentObserver",),
    "farm.search.capacity_estimate": ("CapacityEstimate",),
    "farm.search.capacity_search": ("CapacitySearch",),
    "farm.errors": (
        *("BadInput", "CloudError", "ExperimentError", "FarmError", "GeneratorError", "InUse"),
        *("KurentoError", "MissingTool", "NoSpace", "RecordingError"),
        *("ServerError", "ServerLost", "ServerUnreachable"),
    ),
    "farm.model.criteria": ("Criteria", "InvalidLimits"),
    "farm.model.experiment": ("Experiment",),
    "farm.model.trial_evidence": ("TrialEvidence",),
    "farm.model.trial_result": ("TrialResult",),
    "farm.model.verdict": ("Outcome", "Reason", "Verdict"),
    "farm.protocols": ("Observer", "Progress"),
    "farm.verdict": ("judge",),
    "farm.verdict.baseline": ("Baseline", "baseline_of"),
}
"""Where each name is; the imports above say the same to type checkers."""

_NAMED_OTHERWISE = {"open": "open_bench"}

if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> object:
        """The public name, imported now. A name of anything else is an AttributeError."""
        for module, names in _MODULES.items():
            if name in names:
                return getattr(import_module(module), _NAMED_OTHERWISE.get(name, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
