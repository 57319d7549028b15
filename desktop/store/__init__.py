"""SQLite and nothing but: what is known, one file per subject."""
