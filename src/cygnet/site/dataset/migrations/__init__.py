"""Changes of the tables of the dataset page, in order."""
