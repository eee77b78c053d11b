"""What limited the server, and whether its CPU could have told. Pure.

limiting.py         the answer: which resource, with its evidence in a sentence
decision.py         all signs of a trial that failed; causes before their effects
processor.py memory.py storage.py network.py descriptors.py signalling.py   signs, by resource
watched.py          the server's samples while quality was bad
harm.py             how badly each probe had it, window by window
company.py          which probes suffered together
lagged.py resource_series.py   resources against quality, one some seconds behind the other
scale_out.py        when to start another server
limit.py            the values;  trials.py: which trials of a search tell
"""

from farm.attribution.cross_correlation import Lagged
from farm.attribution.limit import LimitedBy, SaturationSign, ServerResources
from farm.attribution.limiting import limited_by, what_gave_way
from farm.attribution.resource_series import Quality, cpu_lagged
from farm.attribution.scale_out import ScaleOut, cpu_separation, scale_out
from farm.attribution.trials import trial_that_broke, trial_that_held

__all__ = [
    "Lagged",
    "LimitedBy",
    "Quality",
    "SaturationSign",
    "ScaleOut",
    "ServerResources",
    "cpu_lagged",
    "cpu_separation",
    "limited_by",
    "scale_out",
    "trial_that_broke",
    "trial_that_held",
    "what_gave_way",
]
