"""The ugly duckling: one patient's lesions seen together. No torch."""
