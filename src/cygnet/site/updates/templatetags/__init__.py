"""Words of updates."""
