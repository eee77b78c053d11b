"""The pages of a report, and the live page of a run."""
