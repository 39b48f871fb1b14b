"""Changes of the tables of the contest, in order."""
