"""Attribution: which resource limited the server, and when to start another server. Pure.

limiting.py         the result: which resource, with its evidence in a sentence
decision.py         the signs of saturation of a trial that failed, causes before their effects
processor.py memory.py storage.py network.py descriptors.py signalling.py   signs, by resource
failed_joins.py     joins that fail at the smallest load as well
bad_period.py       the server's samples while quality was bad
impairment.py       how impaired each probe's media were, window by window
impairment_scope.py   which probes were impaired together
cross_correlation.py resource_series.py   resources against quality, at lags of some seconds
scale_out.py        when to start another server
limit.py            the values;  trials.py: the trials of a search that are used
"""

from farm.attribution.cross_correlation import CrossCorrelation
from farm.attribution.limit import LimitedBy, SaturationSign, ServerResources
from farm.attribution.limiting import limit_of_trial, limited_by
from farm.attribution.resource_series import Quality, cpu_cross_correlation
from farm.attribution.scale_out import ScaleOut, cpu_separation, scale_out
from farm.attribution.trials import any_passed, trial_that_broke, trial_that_held

__all__ = [
    "CrossCorrelation",
    "LimitedBy",
    "Quality",
    "SaturationSign",
    "ScaleOut",
    "ServerResources",
    "any_passed",
    "cpu_cross_correlation",
    "cpu_separation",
    "limit_of_trial",
    "limited_by",
    "scale_out",
    "trial_that_broke",
    "trial_that_held",
]
