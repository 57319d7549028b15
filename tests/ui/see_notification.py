"""Shows the window and a notification on a real screen with a real daemon, for somebody to look at.

Run by hand: dbus-run-session -- xvfb-run -a -s "-screen 0 1400x900x24" python tests/ui/see_notification.py FOLDER
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.pop("QT_QPA_PLATFORM", None)

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from desktop.core.notice import Notice, NoticeKind
from desktop.ui import notice_words
from desktop.ui.main_window import MainWindow
from desktop.ui.notifier import Bubble
from desktop.ui.pictures import settle
from desktop.ui.theme import Theme
from tests.ui.sample_data import HOSTILE, NOW, FakeApp, FakePractice, fill, open_store


def rest(ms: int) -> None:
    """Let the screen catch up."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def main(folder: Path) -> None:
    """Save what the screen shows, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    daemon = subprocess.Popen(["dunst"])
    rest(800)
    store = open_store(Path(tempfile.mkdtemp()))
    fill(store)
    window = MainWindow(store, FakeApp(store, practice=FakePractice()).actions(), lambda: NOW)
    window.telling.notifier.fell.connect(lambda bubble: sys.stderr.write(f"fell to the toast: {bubble}\n"))
    window.move(20, 20)
    window.show()
    notice = Notice(
        kind=NoticeKind.CLICKED,
        conversation_id=2,
        copy_id=2,
        person=HOSTILE,
        address="",
        subject=HOSTILE,
        at=NOW,
        link="https://www.larsen-office.example/pricing",
    )
    title, line = notice_words.notice_texts(notice)
    for theme in (Theme.LIGHT, Theme.DARK):
        window.themes.choose(theme)
        settle(window)
        window.telling.notifier.show(Bubble(key=1, title="Anna Berg opened “Offer”", line="11:42, Outlook, first time"))
        window.telling.notifier.show(Bubble(key=2, title=title, line=line))
        rest(700)
        subprocess.run(["import", "-window", "root", str(folder / f"screen-{theme.value}.png")], check=True)
    window.leave()
    store.close()
    daemon.terminate()
    daemon.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
