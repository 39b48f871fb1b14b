"""Notify me about updates: who asked for it, who confirmed, and what was sent."""
