"""Validation with SHACL: the gate between statements and versions."""

from klustergraf.shacl.comparison import EngineDisagreement
from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Report, Result
from klustergraf.shacl.shapes import catalogue_shapes
from klustergraf.shacl.validation import Engine, validate

__all__ = [
    "Engine",
    "EngineDisagreement",
    "Path",
    "Report",
    "Result",
    "catalogue_shapes",
    "validate",
]
