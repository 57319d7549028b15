"""The provider's proxy: it fetches for the recipient, and for the user too where Sent holds the tracked mail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.address import Mailbox
from desktop.core.notice import NoticeKind
from desktop.core.status import CopyState, Rung
from desktop.core.unknown import Cure, WhyUnknown
from desktop.core.verdict import Verdict
from desktop.store.accounts import AccountRow, Security, accounts, delete_account, save_account
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.mail import CopyRow, cards, conversation, record_message, record_outcome
from desktop.store.originals import expire_originals, forget_original
from tests.fakes.mailbox_world import OWN
from tests.fakes.samples import GMAIL_PROXY, SENT_AT, facts, hit, tracked_copy

GMAIL = AccountRow(
    id=1,
    label="",
    host="smtp.gmail.com",
    port=465,
    security=Security.TLS,
    user=OWN,
    identities=(Mailbox("Kim", OWN),),
)
ELSEWHERE = replace(GMAIL, host="smtp.sender.example")
LATER = SENT_AT + timedelta(hours=8)
H = 3_600


def sent(store: Store, account: AccountRow = GMAIL) -> bytes:
    """Record a copy sent through an account, with its original; return its picture's id."""
    save_account(store, account)
    copy = tracked_copy()
    _, (copy_id,) = record_message(
        store, account_id=account.id, facts=facts(), at=SENT_AT, copies=(copy,), original=b"the message"
    )
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy.tokens[0].random_id


def fetch(store: Store, picture: bytes, *, after_s: float = H) -> list[NoticeKind]:
    """Let Gmail's proxy fetch the picture; return what rings."""
    one = hit(token_id=picture, agent=GMAIL_PROXY, labels=("google-fetchers",), after_s=after_s)
    return [each.kind for each in record_hits(store, [one], now=LATER).notices]


def row(store: Store) -> CopyRow:
    detail = conversation(store, cards(store)[0].id)
    assert detail is not None
    return detail.messages[0].copies[0]


def verdicts(store: Store) -> list[Verdict]:
    return [line.judgement.verdict for line in row(store).status.evidence if line.judgement is not None]


def test_what_the_own_providers_proxy_fetched_may_have_been_for_the_user(store: Store) -> None:
    """Gmail files what it sent, and fetches for the user's look at that as for the recipient's."""
    picture = sent(store)
    assert fetch(store, picture) == []
    assert (verdicts(store), cards(store)[0].rung) == ([Verdict.UNKNOWN], Rung.SENT)
    (unknown,) = row(store).unknowns
    assert (unknown.why, unknown.cures[0]) == (WhyUnknown.MAYBE_YOU, Cure.KEEP_SENT_CLEAN)


@pytest.mark.parametrize("host", ["smtp.sender.example", "smtp.office365.com"])
def test_another_providers_proxy_fetches_for_the_recipient(store: Store, host: str) -> None:
    """Who sends through another server has no mail at Gmail for its proxy to show."""
    picture = sent(store, replace(GMAIL, host=host))
    assert fetch(store, picture) == [NoticeKind.PROBABLY_OPENED]
    assert verdicts(store) == [Verdict.IMAGE_PROXY]


def test_it_was_not_the_user_once_sent_is_clean(store: Store) -> None:
    """What came since then rings as it becomes known, what came before stays open; a later one rings at once."""
    picture = sent(store)
    assert fetch(store, picture, after_s=H) == fetch(store, picture, after_s=3 * H) == []
    change = forget_original(store, 1, clean_at=SENT_AT + timedelta(hours=2))
    assert [each.kind for each in change.notices] == [NoticeKind.PROBABLY_OPENED]
    assert sorted(verdicts(store)) == [Verdict.IMAGE_PROXY, Verdict.UNKNOWN]
    assert fetch(store, picture, after_s=4 * H) == []
    assert sorted(verdicts(store)) == [Verdict.IMAGE_PROXY, Verdict.IMAGE_PROXY, Verdict.UNKNOWN]


def test_an_original_whose_time_was_up_clears_nobody(store: Store) -> None:
    """That Sent was never seen clean leaves it open."""
    picture = sent(store)
    fetch(store, picture)
    assert expire_originals(store, LATER) == 1
    assert fetch(store, picture, after_s=3 * H) == []
    assert verdicts(store) == [Verdict.UNKNOWN, Verdict.UNKNOWN]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_becomes_of_the_account_later_alters_nothing(store: Store, is_deleted: bool) -> None:
    """The server that took the mail counts, also once the account uses another one or is gone."""
    picture = sent(store)
    if is_deleted:
        delete_account(store, GMAIL.id)
    else:
        save_account(store, ELSEWHERE)
    assert fetch(store, picture) == []
    assert verdicts(store) == [Verdict.UNKNOWN]


def test_who_keeps_sent_clean_already_is_not_told_to(store: Store) -> None:
    """The cure is taken; what came before it still may have been the user."""
    picture = sent(store)
    fetch(store, picture)
    save_account(store, replace(accounts(store)[0], keeps_sent_clean=True))
    (unknown,) = row(store).unknowns
    assert unknown.why is WhyUnknown.MAYBE_YOU
    assert Cure.KEEP_SENT_CLEAN not in unknown.cures
