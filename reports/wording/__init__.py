"""Words of a report: numbers, names of streams, names of files. Pure."""
