"""Hits come home: the relay client and the poller."""
