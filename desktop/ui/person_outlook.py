"""What the next mail to one person will do, and why what was chosen for them cannot work; pure.

It is decided as for mail itself, for each account there is, so that a card never promises what mail does not do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from desktop.core.errors import Malformed, Trouble
from desktop.core.grounds import AskWhen, Grounds, Policy
from desktop.core.permission import Standing
from desktop.core.policy import Decision, Ground, WhyNot, decide
from desktop.core.tell_countries import country_of, is_offered, is_offered_at
from desktop.store.accounts import AccountRow
from desktop.store.people import PersonRow
from desktop.ui import consent_words, person_words, words

GroundsOf = Callable[[str, int], Grounds]
_COUNTRIES: Final = frozenset({WhyNot.COUNTRY_UNKNOWN, WhyNot.COUNTRY_NOT_OFFERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What mail from one account would do to a person, and what that is decided from."""

    account: AccountRow
    grounds: Grounds
    decision: Decision


def outlooks_of(
    rows: Sequence[AccountRow], grounds_of: GroundsOf, address: str, *, has_relay: bool, now: datetime
) -> tuple[Outlook, ...]:
    """Return what mail from each of the accounts would do; raise Trouble where that cannot be read."""
    found = ((row, grounds_of(address, row.id)) for row in rows)
    return tuple(
        Outlook(account=row, grounds=grounds, decision=decide(grounds, has_relay=has_relay, now=now))
        for row, grounds in found
    )


def meaning_of(row: PersonRow, outlooks: Sequence[Outlook]) -> str:
    """Return what the next mail to a person will do; by account, where accounts differ."""
    said = {each.account.label: _meaning(row, each) for each in outlooks}
    texts = tuple(dict.fromkeys(said.values()))
    if not texts:
        return person_words.meaning_of(row)
    if len(texts) == 1:
        return texts[0]
    return "\n".join(f"From {words.one_line(label)}: {text}" for label, text in said.items())


def _meaning(row: PersonRow, outlook: Outlook) -> str:
    decision = outlook.decision
    if decision.track:
        told = f" {consent_words.TOLD}" if decision.ground is Ground.TOLD else ""
        return f"{words.carries_line(decision.track)}{told}"
    if decision.ask:
        asks = consent_words.NEXT_ASKS.format(purposes=words.purposes_line(decision.ask))
        return asks if not row.is_asking_wanted else person_words.meaning_of(row)
    if decision.why_not in consent_words.UNTRACKED:
        return consent_words.UNTRACKED[decision.why_not]
    later = f" {consent_words.ASKED_LATER}" if _is_asked_later(outlook.grounds) else ""
    return f"{person_words.meaning_of(row)}{later}"


def _is_asked_later(grounds: Grounds) -> bool:
    is_new = grounds.permission.standing is Standing.UNKNOWN and grounds.asked_at is None
    waits = grounds.ask_when is AskWhen.ANSWERED and not grounds.has_answered and grounds.can_answer
    is_open = not grounds.permission.is_uncertain and grounds.policy is not Policy.OFF
    return is_new and waits and is_open


def wanted_text(row: PersonRow, outlooks: Sequence[Outlook]) -> str:
    """Return what becomes of the wish to ask in the next mail; empty where there is none."""
    if not row.is_asking_wanted:
        return ""
    can_ask = not outlooks or any(each.decision.ask for each in outlooks)
    return consent_words.ASK_WANTED if can_ask else consent_words.ASK_WAITS


def telling_trouble(row: PersonRow, outlooks: Sequence[Outlook]) -> Trouble | None:
    """Return why a person who is to be told is not, and what helps; None where they are, or are not to be."""
    for each in outlooks:
        if each.decision.why_not in _COUNTRIES:
            return _why_not_told(row, each.grounds)
    return None


def _why_not_told(row: PersonRow, grounds: Grounds) -> Trouble:
    country = grounds.country or country_of(row.address)
    if not is_offered_at(row.address) or (country and not is_offered(country)):
        return Malformed("They are not told: it is not offered for the country they are in.", "They can be asked.")
    if not country:
        return Malformed(
            "They are not told: it is not known which country they are in.", "Choose it above, if you know it."
        )
    if not grounds.own_country:
        return Malformed("They are not told: your own country is needed for it, too.", "Choose it here.")
    return Malformed("They are not told: it is not offered for senders in your country.", "They can be asked.")


def without_country(outlooks: Sequence[Outlook]) -> tuple[AccountRow, ...]:
    """Return the accounts that lack a country without which somebody who is to be told is not."""
    return tuple(
        each.account
        for each in outlooks
        if each.decision.why_not is WhyNot.COUNTRY_UNKNOWN and not each.grounds.own_country
    )


def is_ledger_broken(outlooks: Sequence[Outlook]) -> bool:
    """Return whether the record of permissions is damaged, so that nobody is asked."""
    return any(not each.grounds.is_ledger_sound for each in outlooks)
