"""Exports of a recording: CSV, Parquet, JUnit XML, dumps for chrome://webrtc-internals viewers."""
