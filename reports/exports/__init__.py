"""A recording for other programs: CSV, Parquet, JUnit XML, dumps as chrome://webrtc-internals'."""
