"""The values that the whole farm speaks in: plans, samples, evidence, verdicts."""
