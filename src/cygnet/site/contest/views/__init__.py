"""The pages of the contest: each asks the rules through ``acts`` and ``submitting``, and shows."""
