"""Reads files of users; locks between processes."""
