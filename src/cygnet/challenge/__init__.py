"""What are the rules of a contest? Pure: no web, no database, no clock of its own."""
