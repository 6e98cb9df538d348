"""Metrics: pure functions of arrays that know no task and no model."""
