"""Download a known dataset: resumed, verified, and unpacked within its folder."""
