"""The user's own wordings as the store keeps them; one that is damaged gives way to the product's."""

from desktop.core.errors import Malformed
from desktop.core.wordings import WordingKind, Wordings, parse_wording, setting_of
from desktop.store import settings
from desktop.store.database import Store
from relay.wire.language import Language


def own_wordings(store: Store) -> Wordings:
    """Return the wordings that the user changed; raise StoreTrouble."""
    own = {}
    with store.read() as connection:
        for kind in WordingKind:
            for language in Language:
                text = settings.read(connection, setting_of(kind, language), "")
                try:
                    own[kind, language] = parse_wording(kind, text)
                except Malformed:
                    # Nothing was saved, or not by the window, which saves no such thing.
                    continue
    return Wordings(own=own)
