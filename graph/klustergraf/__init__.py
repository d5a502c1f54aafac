"""Klustergraf: the knowledge graph of the Stockholm–Uppsala life science ecosystem."""

from importlib.metadata import version

__version__ = version("klustergraf")
