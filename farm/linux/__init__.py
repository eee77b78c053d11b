"""Parses texts of a Linux machine (proc, cgroups, top, tc) into counters and rates. Pure."""
