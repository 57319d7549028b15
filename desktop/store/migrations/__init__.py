"""Numbered .sql files, each applied once in its own transaction, in order."""
