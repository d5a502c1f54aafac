"""Validation with SHACL: the gate between statements and versions."""

from klustergraf.shacl.comparison import EngineDisagreement
from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Report, Result
from klustergraf.shacl.validation import Engine, validate

__all__ = ["Engine", "EngineDisagreement", "Path", "Report", "Result", "validate"]
