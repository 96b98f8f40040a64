"""Runs: what a training run is, and tables of them. Read, checked, filtered, split, never silently changed."""

from __future__ import annotations

from gnomon.runs.capability import Capabilities, capabilities
from gnomon.runs.check import check
from gnomon.runs.findings import Check, Finding
from gnomon.runs.importers.import_runs import Imported, import_runs
from gnomon.runs.numbers import format_number, parse_number
from gnomon.runs.read.source import read_runs
from gnomon.runs.schedule import Schedule
from gnomon.runs.schedules import Schedules, as_schedules, curves_of, schedules_of
from gnomon.runs.schema import FIELDS, Field
from gnomon.runs.table import Column, Removal, Runs

__all__ = [
    "FIELDS",
    "Capabilities",
    "Check",
    "Column",
    "Field",
    "Finding",
    "Imported",
    "Removal",
    "Runs",
    "Schedule",
    "Schedules",
    "as_schedules",
    "capabilities",
    "check",
    "curves_of",
    "format_number",
    "import_runs",
    "parse_number",
    "read_runs",
    "schedules_of",
]
