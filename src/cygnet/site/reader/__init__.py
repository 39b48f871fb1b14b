"""The reader: one patient's lesions, seen together. Keeps nothing, knows no account."""
