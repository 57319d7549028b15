"""The command `readback`; also `python -m desktop`."""

import sys

from desktop.commands import run


def main() -> None:
    """Run the command line and leave with its status (sysexits.h)."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
