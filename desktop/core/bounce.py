"""Bounces in words: from servers that send no report in the form made for it (qmail, old Exchange, Exim, Yahoo).

Words alone are never believed.  A bounce has a daemon for a sender or no return path, tells of a failure, names an
address and the mail that it returns; where one of these is missing the user is asked.  What a person writes about a
bounce, or forwards, stays mail.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from desktop.core.arrival import DeliveryAction, DeliveryReport
from desktop.core.autoreply import Signs
from desktop.core.deliveryreport import diagnostic_text
from desktop.core.failure import ENHANCED, failure_reason
from desktop.core.owntext import body_text, folded
from desktop.core.reportfields import known_address, message_ids, returned_ids
from desktop.core.skim import Head, Leaf

HEADER_FIELDS: Final = ("X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr")
MAX_RECIPIENTS: Final = 50
_DAEMON: Final = re.compile(
    r"\s*<>\s*\Z|(?:^|[<\s\"])(?:mail(?:er)?[-_.]?daemon|postmaster|mailerdaemon|mail[-_]?delivery(?:[-_]subsystem)?"
    r"|microsoftexchange[0-9a-f]{32}|exchangesystemattendant|bounces?)@",
    re.IGNORECASE,
)
_POSTMASTER: Final = re.compile(r"postmaster@|bounces?@", re.IGNORECASE)
_SUBJECT: Final = re.compile(
    r"(?:undeliver(?:able|ed)|delivery (?:status notification|has failed|failure|failed|problem|delayed|notification"
    r"|report)"
    r"|mail (?:delivery|system error)|returned mail|failure notice|failure delivery|non[- ]?delivery"
    r"|message (?:delayed|undeliverable|status)"
    r"|mail could not be delivered|warning: (?:could not send|message)|address not found|delayed mail|rejected"
    r"|permanent (?:delivery )?failure"
    r"|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|non remis|echec de|no se puede entregar|no entregado"
    r"|mensaje no entregado"
    r"|non recapitabile|mancato recapito|recapito|nao entregue|nao e possivel entregar|mensagem nao|onbestelbaar"
    r"|niet bezorgd|niet afgeleverd"
    r"|niedostarczalne|nie dostarczono|gar inte att leverera|kan inte levereras|olevererbar|kan ikke leveres"
    r"|ikke leveret|kunne ikke leveres"
    r"|ei voitu toimittaa|toimittaminen epaonnistui)"
)
_FAILURE: Final = re.compile(
    r"(?:could|can) ?not be (?:delivered|sent|reached)|message not delivered|message blocked|couldn't be (?:delivered"
    r"|reached)|wasn't delivered"
    r"|was not delivered|not be(?:en)? delivered"
    r"|wasn't able to deliver|(?:was|were) unable to deliver|unable to deliver|undeliverable"
    r"|did not reach the following|didn't reach|delivery (?:has |to [^.]{1,80} )?failed"
    r"|failed permanently|permanent(?:ly)? (?:fatal )?(?:error|failure|failed)|failed to deliver|delivery failure"
    r"|has been rejected|address(?:es)? (?:had|failed|couldn't)"
    r"|nicht zugestellt werden|konnte nicht (?:zugestellt|ubermittelt)|unzustellbar|n'a pas pu etre (?:remis"
    r"|distribue|livre)|no se (?:pudo|ha podido|puede) entregar"
    r"|non (?:e stato possibile|puo essere|e stato) (?:recapitare|consegnare|consegnato|recapitato)|nao (?:pode"
    r"|foi possivel|foi) (?:ser )?entreg"
    r"|niet (?:worden )?(?:bezorgd|afgeleverd)|nie (?:mozna|mogla|udalo sie) (?:byla? |zostac )?dostarcz"
    r"|kunde inte levereras|kunne ikke (?:leveres|afleveres)"
)
_DELAY: Final = re.compile(
    r"has been delayed|is delayed|delivery (?:is |was )?delayed|delivery incomplete|still (?:being )?(?:tr(?:y|ied)"
    r"|retr|queued)|will (?:keep|continue) (?:to )?(?:try|retry|be tried)"
    r"|will (?:be retried|retry)|not yet (?:been )?delivered|warning message only|do not need to resend"
    r"|delivery attempts will continue"
    r"|wird weiterhin versucht|noch nicht zugestellt|verzogert"
)
# The returned mail begins here: QSBMF, Exim, Postfix and sendmail in their plain forms.
_COPY: Final = re.compile(
    r"^[ \t]*-{2,}[^\n]{0,20}(?:below this line|this is a copy|enclosed|undelivered|original message|unsent message"
    r"|copy of)[^\n]{0,100}$"
    r"|^[ \t]*(?:return-path|received):",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS: Final = re.compile(r"[^\s<>@,;:()\[\]\"']{1,64}@[^\s<>@,;:()\[\]\"']{1,254}")
_ADDRESS_LINE: Final = re.compile(
    r"[ \t]*(?:<|to: ?<?|'|\")?([^\s<>@,;:()\[\]\"']{1,64}@[^\s<>@,;:()\[\]\"']{1,254})[>'\"]?:?(?:[ \t]+(.*))?$"
)
_NAMED_ID: Final = re.compile(r"^[ \t>]*message-id:\s{0,4}(<[^<>\s]{1,996}>)", re.IGNORECASE | re.MULTILINE)
_MAX_DIAGNOSTIC_LINES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A bounce in words; one that is not safe is for the user to confirm."""

    is_safe: bool
    deliveries: tuple[DeliveryReport, ...]
    about_ids: tuple[str, ...]


def may_be_bounce(head: Head, signs: Signs) -> bool:
    """Return whether the header leaves a bounce open: whom it is from decides, what it says does not."""
    if _POSTMASTER.search(head.first("from")) and signs.is_reply:
        return False
    return (
        _DAEMON.search(head.first("from")) is not None
        or "return-path" in signs.weak
        or head.has("x-failed-recipients")
        or head.first("x-ms-exchange-message-is-ndr").lower() in {"true", "1"}
        or (bool(signs.strong) and _SUBJECT.match(folded(head.words("subject"))) is not None)
    )


def read_bounce(head: Head, leaves: Sequence[Leaf], *, own: frozenset[str], is_away: bool) -> Bounce | None:
    """Return what a mail that may be a bounce tells, or None where it tells of no failure."""
    text = body_text(leaves)
    copy = _COPY.search(text)
    report = text if copy is None else text[: copy.start()]
    words = folded(report)
    is_titled = _SUBJECT.match(folded(head.words("subject"))) is not None
    is_told = _FAILURE.search(words) is not None
    is_delay = _DELAY.search(words) is not None
    is_daemon = _DAEMON.search(head.first("from")) is not None
    names = head.has("x-failed-recipients")
    if not (is_told or is_delay or is_titled or names) or (is_away and not (is_daemon or is_titled or names)):
        return None
    deliveries = _deliveries(head, report, own, DeliveryAction.DELAYED if is_delay else DeliveryAction.FAILED)
    about = (*returned_ids(leaves), *message_ids(_NAMED_ID.findall(text)))
    answered = message_ids((head.first("in-reply-to"), *reversed(head.first("references").split())))
    about = tuple(dict.fromkeys((*about, *answered)))
    is_safe = (is_told or is_delay) and (is_daemon or is_titled or names) and bool(deliveries) and bool(about)
    return Bounce(is_safe=is_safe, deliveries=deliveries, about_ids=about)


def _deliveries(head: Head, report: str, own: frozenset[str], action: DeliveryAction) -> tuple[DeliveryReport, ...]:
    """Return a report for each address that failed: named in a field, on a line of its own, or the only one."""
    told = _told(report, own)
    failed = [known_address(found) for found in _ADDRESS.findall(head.first("x-failed-recipients"))]
    addresses = [address for address in failed if address] or list(told)
    if not addresses:
        mentioned = {known_address(found.rstrip(".")) for found in _ADDRESS.findall(report)} - own - {""}
        addresses = list(mentioned) if len(mentioned) == 1 else []
    everything = " ".join(report.split())
    reports = []
    for address in dict.fromkeys(addresses[:MAX_RECIPIENTS]):
        diagnostic = told.get(address, "")
        words = diagnostic or everything
        found = ENHANCED.search(words)
        status = found[1] if found else ""
        reason = failure_reason(status, words, is_final=action is DeliveryAction.FAILED)
        reports.append(
            DeliveryReport(
                recipient=address,
                action=action,
                status=status,
                reason=reason,
                diagnostic=diagnostic_text(diagnostic),
            )
        )
    return tuple(reports)


def _told(report: str, own: frozenset[str]) -> dict[str, str]:
    """Return the addresses that stand on lines of their own, each with the words after it."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in report.splitlines():
        match = _ADDRESS_LINE.match(line[:1_000])
        address = known_address(match[1]) if match else ""
        if match and address and address not in own and len(found) < MAX_RECIPIENTS:
            lines = found.setdefault(address, [])
            lines.append(match[2] or "")
        elif not line.strip():
            lines = []
        elif len(lines) < _MAX_DIAGNOSTIC_LINES:
            lines.append(line.strip()[:500])
    return {address: " ".join(filter(None, words)) for address, words in found.items()}
