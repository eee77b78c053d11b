"""Texts of a Linux machine (proc, cgroups, top, tc) -> counters and rates. Pure."""
