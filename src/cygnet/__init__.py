"""Cygnet: patient-centred melanoma detection on dermoscopic images."""

__version__ = "0.1.0"
