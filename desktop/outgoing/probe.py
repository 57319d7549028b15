"""The “Test” of an account: connect, encrypt, sign in, leave; nothing is sent.

It is the same connection that mail uses, so that a test that passes says something.
"""

from collections.abc import Callable
from pathlib import Path

from desktop.accounts.credentials import Credential, Credentials
from desktop.accounts.tls import client_context
from desktop.outgoing import upstream
from desktop.outgoing.offers import Offer
from desktop.outgoing.upstream import Step, Timeouts
from desktop.store.accounts import AccountRow


def probe(
    account: AccountRow,
    credential: Credential | Credentials,
    *,
    timeouts: Timeouts | None = None,
    on_step: Callable[[Step], None] = lambda _step: None,
) -> Offer:
    """Return what the provider offers; raise Trouble with one plain sentence for whichever step failed.

    It signs in with `credential`, or with whatever the account's credentials are now.  `on_step` hears each step as it
    begins, so that the window can show which one did.
    """
    context = client_context(None if account.ca_file is None else Path(account.ca_file))
    waits = timeouts or Timeouts(connect_s=10)
    if isinstance(credential, Credentials):
        opened = upstream.connect_as(account, credential, context, timeouts=waits, on_step=on_step)
    else:
        opened = upstream.connect(account, credential, context, timeouts=waits, on_step=on_step)
    opened.quit()
    return opened.offer
