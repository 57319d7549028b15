"""A message leaves: listener, journal, the provider's own reply."""
