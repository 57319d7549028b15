"""A later reader who may be somebody else: said as a possibility, with the evidence, never as a fact."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Why a person's hit may be another person's: the first person's hit on the copy had another network and program.

    `earlier_client` is that program's short name, empty where it is not known.
    """

    earlier_at: datetime
    earlier_client: str = ""
