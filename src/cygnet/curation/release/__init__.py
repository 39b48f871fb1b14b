"""Release and verify: a curated cohort as a dataset that can be published, and its checksums."""
