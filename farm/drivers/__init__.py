"""Driver files: `reading` parses their YAML, `steps` fills in their templates."""

from __future__ import annotations

from farm.drivers.of_experiment import data_of, driver_of, own_names
from farm.drivers.reading import driver_names, driver_path, parse_driver, read_driver
from farm.drivers.room_media import with_room_media

__all__ = [
    "data_of",
    "driver_names",
    "driver_of",
    "driver_path",
    "own_names",
    "parse_driver",
    "read_driver",
    "with_room_media",
]
