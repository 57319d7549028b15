"""Setting up an account, as the window knows it: the search, the sign-in at a provider's page, the test of both sides.

What accounts, outgoing and incoming say in their own values becomes the window's lines here.
"""

import threading
from collections.abc import Callable
from typing import Final

from desktop.accounts.clients import where_from
from desktop.accounts.discover import discover
from desktop.accounts.oauth import Grant
from desktop.accounts.oauth_providers import Client
from desktop.accounts.servers import Found, Look, LookState, Source, row_of
from desktop.core.errors import NotAuthorised, Trouble, Unreachable
from desktop.engine import Engine
from desktop.incoming.mailbox import Step as IncomingStep
from desktop.incoming.probe import probe as probe_incoming
from desktop.outgoing.upstream import Step
from desktop.store.accounts import Security
from desktop.ui.actions import (
    AccountDraft,
    CheckLine,
    CheckState,
    Finding,
    OAuthClient,
    SetUp,
    SourceLine,
    SourceState,
)

SOURCE_NAMES: Final = {
    Source.TABLE: "Providers that Readback knows",
    Source.AUTOCONFIG: "The domain's own file",
    Source.ISPDB: "Mozilla's list of providers",
    Source.SRV: "The domain's service records (SRV)",
    Source.MX: "Where the domain's mail goes (MX)",
    Source.AUTOCONFIG_HTTP: "The domain's own file, unencrypted",
    Source.GUESS: "A guess by the usual names",
}
_SOURCE_STATES: Final = {
    LookState.RUNNING: SourceState.LOOKING,
    LookState.FOUND: SourceState.FOUND,
    LookState.NOTHING: SourceState.NOTHING,
    LookState.FAILED: SourceState.FAILED,
}
_STEPS: Final = {
    Step.CONNECT: "Sending (SMTP): reach {}",
    Step.ENCRYPT: "Sending (SMTP): encrypt, and check the certificate of {}",
    Step.SIGN_IN: "Sending (SMTP): sign in at {}",
}
_INCOMING_STEPS: Final = {
    IncomingStep.CONNECT: "Reading (IMAP): reach {}",
    IncomingStep.ENCRYPT: "Reading (IMAP): encrypt, and check the certificate of {}",
    IncomingStep.SIGN_IN: "Reading (IMAP): sign in at {}",
    IncomingStep.FOLDERS: "Reading (IMAP): find inbox and Sent at {}",
}
Tell = Callable[[CheckLine], None]


def set_up_of(engine: Engine, open_url: Callable[[str], bool]) -> SetUp:
    """Return what setting up an account needs of an engine; `open_url` shows a page in the user's browser."""
    return SetUp(
        discover=lambda address, is_further, tell, cancelled: found(engine, address, is_further, tell, cancelled),
        sign_in=engine.accounts.sign_in,
        client=lambda provider: client_of(engine, provider),
        save_client=lambda provider, client: save_client(engine, provider, client),
        open_url=open_url,
    )


# The search.


def found(
    engine: Engine, address: str, is_further: bool, tell: Callable[[SourceLine], None], cancelled: threading.Event
) -> tuple[Finding, ...]:
    """Look for an address' servers, telling each source as it is asked; raise Trouble."""
    ends: dict[Source, LookState] = {}

    def on_progress(look: Look) -> None:
        ends[look.source] = look.state
        tell(SourceLine(name=SOURCE_NAMES[look.source], state=_SOURCE_STATES[look.state], detail=look.detail))

    findings = discover(address, on_progress=on_progress, cancelled=cancelled, beyond_table=is_further)
    # The program's own table is asked without the network.
    asked = {state for source, state in ends.items() if source is not Source.TABLE}
    if not findings and asked == {LookState.FAILED} and not cancelled.is_set():
        raise Unreachable(
            "You seem to be offline: no source answered.",
            "Connect this computer to the network and try again, or enter the settings by hand.",
        )
    return tuple(finding_of(engine, each, address) for each in findings)


def finding_of(engine: Engine, each: Found, address: str) -> Finding:
    """Return a finding as the window shows it."""
    name = engine.clients.provider(each.oauth_provider).label if each.oauth_provider else ""
    return Finding(
        row=row_of(each, address, ""),
        label=each.label,
        source=SOURCE_NAMES[each.source],
        oauth_provider=each.oauth_provider,
        sign_in_with=name,
        app_password_page=each.app_password_page,
        app_password_note=each.app_password_note,
        note=each.note,
        takes_password=each.takes_password,
        must_confirm=each.must_confirm,
    )


# The program's own name at a provider.


def client_of(engine: Engine, provider: str) -> OAuthClient:
    """Return the program's own name at a provider, and what of it is still missing; raise Trouble."""
    known = engine.clients.provider(provider)
    try:
        client = engine.clients.client(known)
    except NotAuthorised as trouble:
        return OAuthClient(missing=f"{trouble.sentence} {where_from(known, place='below')}")
    return OAuthClient(client_id=client.client_id, client_secret=client.secret)


def save_client(engine: Engine, provider: str, client: OAuthClient) -> None:
    """Keep what the user entered; raise StoreTrouble."""
    kept = Client(client_id=client.client_id, secret=client.client_secret)
    engine.clients.save_client(engine.clients.provider(provider), kept)


# The test.


def grant_of(draft: AccountDraft) -> Grant | None:
    """Return what the user was granted at the provider's page just now, if they were."""
    return draft.grant if isinstance(draft.grant, Grant) else None


def test_account(engine: Engine, draft: AccountDraft, tell: Tell) -> None:
    """Sign in where mail is handed in, and where it is read if it is, telling each step; raise the Trouble of one."""
    row, grant = draft.row, grant_of(draft)
    lines = _Lines(row.host, row.port, tell)
    with_tls = row.security is Security.TLS

    def on_step(step: Step) -> None:
        # With TLS from the start, a connection that is not encrypted does not exist.
        if not (step is Step.ENCRYPT and with_tls):
            lines.begin(_STEPS[step])

    lines.run(lambda: engine.accounts.test_account(row, draft.password, on_step, grant))
    if row.imap_host:
        _test_incoming(engine, draft, tell)


def _test_incoming(engine: Engine, draft: AccountDraft, tell: Tell) -> None:
    row = draft.row
    lines = _Lines(row.imap_host, row.imap_port, tell)
    with_tls = row.imap_security is Security.TLS

    def on_step(step: IncomingStep) -> None:
        if not (step is IncomingStep.ENCRYPT and with_tls):
            lines.begin(_INCOMING_STEPS[step])

    def work() -> None:
        credential = engine.accounts.credential_for(row, draft.password, grant_of(draft), incoming=True)
        probe_incoming(row, credential or engine.credentials.of(row, incoming=True), on_step=on_step)

    lines.run(work)


class _Lines:
    """The lines of one server: a step that begins means that the one before it has passed."""

    def __init__(self, host: str, port: int, tell: Tell) -> None:
        self._place, self._tell = f"{host}:{port}", tell
        self._begun = ""

    def begin(self, words: str) -> None:
        self._end(CheckState.PASSED)
        self._begun = words.format(self._place)
        self._tell(CheckLine(what=self._begun, state=CheckState.RUNNING))

    def run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Trouble as trouble:
            self._end(CheckState.FAILED, trouble.sentence)
            raise
        self._end(CheckState.PASSED)

    def _end(self, state: CheckState, detail: str = "") -> None:
        if self._begun:
            self._tell(CheckLine(what=self._begun, state=state, detail=detail))
