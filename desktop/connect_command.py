"""`readback connect LINE`: connects to a relay by the line its operator gave, where no window is."""

from desktop.engine import Engine
from desktop.places import Places


def connect(places: Places, line: str) -> str:
    """Register at the relay and keep the channel; return the relay's address; raise Trouble.

    That nothing else works on the folder meanwhile is the engine's lock's business.
    """
    engine = Engine(places)
    try:
        engine.connect_relay(line, None)
        channel = engine.channel
        assert channel is not None
        return channel.relay_url
    finally:
        engine.close()
