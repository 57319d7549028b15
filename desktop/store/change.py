"""What one store transaction altered, told to the windows after its commit."""

from dataclasses import dataclass

from desktop.core.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Ids of altered conversations and copies, addresses of altered people, and what to notify of."""

    conversations: frozenset[int] = frozenset()
    copies: frozenset[int] = frozenset()
    people: frozenset[str] = frozenset()
    accounts: bool = False
    settings: bool = False
    notices: tuple[Notice, ...] = ()

    def __bool__(self) -> bool:
        return self != Change()

    def __or__(self, other: "Change") -> "Change":
        """Return what both altered, the notices of `self` first."""
        return Change(
            conversations=self.conversations | other.conversations,
            copies=self.copies | other.copies,
            people=self.people | other.people,
            accounts=self.accounts or other.accounts,
            settings=self.settings or other.settings,
            notices=self.notices + other.notices,
        )
