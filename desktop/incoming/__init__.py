"""Mail arrives: each account's folders over IMAP, and what in them matters to a conversation."""
