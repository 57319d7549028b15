"""Who the user is at a provider: settings, secrets, certificates."""
