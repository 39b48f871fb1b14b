"""The command line: parse, call one function, format. Owns no rule."""
