"""The sandbox: a provider, recipients and a story on this machine."""
