"""The controller: boots probes, drives them, samples the server, judges what it saw."""

__version__ = "0.1.0"
