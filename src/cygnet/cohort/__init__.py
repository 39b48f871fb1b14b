"""Tables of patients, lesions and images: layouts, the checked table, folds. Never a pixel."""
