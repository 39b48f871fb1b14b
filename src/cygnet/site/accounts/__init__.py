"""Who is who: accounts, their tokens, and how a page speaks."""
