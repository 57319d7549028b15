"""The desktop program: sends, watches and tells the truth about mail."""
