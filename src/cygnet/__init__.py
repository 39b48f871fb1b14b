"""Cygnet: patient-centred melanoma detection on dermoscopic images."""

__version__ = "0.1.0"

import os as _os

# ONNX Runtime's wheels report to their maker, and write a session file, unless this is set before
# it is imported. Nothing that Cygnet does is told to anybody.
_os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
