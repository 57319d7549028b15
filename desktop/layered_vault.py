"""Secrets of this session over lasting ones: what an engine keeps its secrets in, wherever the user chose."""

from desktop.accounts.vault import SessionVault, Vault
from desktop.core.keep import Keep


class LayeredVault:
    """Secrets of this session over lasting ones; what is to last is put where the user chose."""

    def __init__(self, lasting: Vault) -> None:
        """Start with nothing in the session."""
        self.lasting = lasting
        self.session = SessionVault()

    @property
    def where(self) -> Keep:
        """Where secrets that last are kept."""
        return self.lasting.where

    def get(self, name: str) -> str | None:
        """Return this session's secret, else the lasting one; raise StoreTrouble."""
        secret = self.session.get(name)
        return self.lasting.get(name) if secret is None else secret

    def put(self, name: str, secret: str) -> None:
        """Keep a secret where the user chose; raise StoreTrouble."""
        self.lasting.put(name, secret)
        self.session.delete(name)

    def renew(self, name: str, secret: str) -> None:
        """Replace a secret where it is: one of this session never becomes one that lasts; raise StoreTrouble."""
        place: Vault = self.lasting if self.session.get(name) is None else self.session
        place.put(name, secret)

    def delete(self, name: str) -> None:
        """Forget a secret in both places; raise StoreTrouble."""
        self.session.delete(name)
        self.lasting.delete(name)
