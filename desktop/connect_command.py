"""`readback connect LINE`: connects to a relay by the line its operator gave, where no window is.

The line admits one desktop, once, so it is not used before it is known that what the relay gives can be kept.
"""

from typing import Final

from desktop.account_keeping import SECRETS_SETTING
from desktop.accounts.vault import check_keeps
from desktop.core.errors import StoreTrouble
from desktop.core.keep import Keep
from desktop.engine import Engine
from desktop.places import Places
from desktop.store import settings

_STILL_GOOD: Final = "The relay was not asked, so the line is still good."
_IN_A_FILE: Final = "Without a keyring: `readback connect --secrets file LINE`."


def connect(places: Places, line: str, keep: Keep | None = None) -> tuple[str, ...]:
    """Register at the relay and keep the channel, in `keep` where that is given; return what to say; raise Trouble.

    That nothing else works on the folder meanwhile is the engine's lock's business.
    """
    engine = Engine(places, keep=keep)
    try:
        _check_secrets(engine)
        engine.connect_relay(line, None)
        channel = engine.channel
        assert channel is not None
        said = f"Connected to {channel.relay_url}."
        usual = settings.get(engine.store, SECRETS_SETTING, Keep.KEYRING.value)
        return (said,) if keep is None or keep.value == usual else (said, _elsewhere(keep))
    finally:
        engine.close()


def _check_secrets(engine: Engine) -> None:
    """Raise StoreTrouble, with what has become of the line, where no secret can be kept."""
    try:
        check_keeps(engine.vault)
    except StoreTrouble as trouble:
        hints = (_STILL_GOOD,) if engine.vault.where is Keep.FILE else (_IN_A_FILE, _STILL_GOOD)
        raise type(trouble)(trouble.sentence, " ".join((trouble.cure, *hints))) from trouble


def _elsewhere(keep: Keep) -> str:
    """Say where the keys are, which the settings do not."""
    place = {Keep.FILE: "a file that only you can read", Keep.KEYRING: "the system keyring"}[keep]
    return (
        f"Its keys are in {place}, this time: `readback listen --secrets {keep}` and "
        f"`readback doctor --secrets {keep}` look there, the window where Settings → Accounts says."
    )
