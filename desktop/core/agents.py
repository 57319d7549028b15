"""What a user agent says of itself."""


def client_name(agent: str) -> str:
    """Return a short name of the program, empty when it gives none that is known."""
    return "Outlook" if "outlook" in agent.lower() else ""
