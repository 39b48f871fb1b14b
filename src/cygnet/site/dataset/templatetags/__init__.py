"""Words of the dataset page."""
