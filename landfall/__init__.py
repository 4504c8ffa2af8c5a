"""Landfall: from a client's answers to a governed data-to-AI platform, on a cloud or a laptop."""

__version__ = "0.1.0"
