"""Metrics: samples and reports."""
