"""Changes of the tables of updates, in order."""
