"""Pixels: decode, DICOM, fingerprints, drawing, the training pack. Never a label."""
