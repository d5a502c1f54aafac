"""Validation with SHACL: the gate between statements and versions."""

from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Report, Result
from klustergraf.shacl.validation import validate

__all__ = ["Path", "Report", "Result", "validate"]
