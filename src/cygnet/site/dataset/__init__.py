"""The dataset page: what a release says of itself, its downloads, and who accepted its licence."""
