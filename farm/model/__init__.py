"""The values that all parts of the farm exchange: plans, samples, evidence, verdicts."""
