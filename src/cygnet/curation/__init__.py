"""Tables and pixels together: audit, duplicates, shortcuts, the synthetic twin."""
