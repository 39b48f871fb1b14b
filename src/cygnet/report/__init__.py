"""Results to table, JSON, figure, HTML."""
