"""What an operator hands to one desktop: a line with the relay's address and a secret that admits once.

`invite` runs beside the serving relay and knows its address from a file that the relay wrote when it began to serve.
"""

from contextlib import closing

from relay import durable
from relay.channels import hashed, new_secret
from relay.database import Database
from relay.settings import BadSettingError, Settings, prepare_folder
from relay.wire.invite import spell_invite


def note_address(settings: Settings) -> None:
    """Write down where the relay is reached, unless that is what stands there; raises OSError."""
    if _noted(settings) != settings.link_base:
        durable.replace(settings.address, f"{settings.link_base}\n".encode("ascii"), mode=0o600)


def _noted(settings: Settings) -> str | None:
    try:
        return settings.address.read_text("ascii").strip()
    except FileNotFoundError:
        return None


def new_invite(settings: Settings) -> str:
    """Return a line that one desktop takes by paste; its secret is kept hashed before this returns.

    Raises BadSettingError where the relay's address is not known yet, and StorageError.
    """
    prepare_folder(settings)
    base = settings.public_url or _noted(settings)
    if base is None:
        raise BadSettingError(
            "this relay has not served yet, so its address is not known: start it once, or give --public-url."
        )
    secret = new_secret()
    with closing(Database(settings.database)) as database:
        database.begin()
        database.add_invite(hashed(secret))
        database.commit()
    return spell_invite(base, secret)
