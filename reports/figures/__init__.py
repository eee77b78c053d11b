"""Figures: functions that draw them, and the charts that a report holds."""
