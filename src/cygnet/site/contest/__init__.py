"""The contest: teams, submissions, the board. Every rule is in ``cygnet.challenge``."""
