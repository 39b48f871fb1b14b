"""The web: the dataset page, updates, the contest, the reader. Owns no rule."""
