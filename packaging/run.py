"""Sets everything up and starts Readback in practice: `python3 packaging/run.py`.

With a display the story plays in the window, without one in the terminal.  `--pictures DIR` saves every screen.
"""

import os
import subprocess
import sys

import environment


def has_display() -> bool:
    """Tell whether a window can be shown here."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> int:
    """Set up, then hand over to `readback practice`; its exit status is ours."""
    arguments = sys.argv[1:]
    pictures = "--pictures" in arguments
    window = has_display() and "--terminal" not in arguments
    environment.ensure_venv(["desktop", "relay"])
    settings = dict(os.environ)
    if window or pictures:
        libraries = environment.WINDOW_LIBRARIES if window else environment.OFFSCREEN_LIBRARIES
        missing = environment.ensure_libraries(libraries)
        if missing and pictures:
            environment.fail("The pictures need system libraries that are missing.", environment.apt_line(missing))
        if missing:
            print("For the window, run this and start again; for now the story plays here:\n", flush=True)
            print(f"    {environment.apt_line(missing)}\n", flush=True)
            arguments.append("--terminal")
    if pictures and not window:
        settings["QT_QPA_PLATFORM"] = "offscreen"
    command = [str(environment.PYTHON), "-m", "desktop", "practice", *arguments]
    if os.name == "posix":
        # In place of this one, so that whatever ends this process ends the program, in order.
        sys.stdout.flush()
        os.chdir(environment.ROOT)
        os.execve(command[0], command, settings)  # noqa: S606 - no shell is wanted
    return subprocess.run(command, cwd=environment.ROOT, env=settings, check=False).returncode


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
