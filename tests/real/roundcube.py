"""Roundcube, the webmail: Debian's, in PHP's own web server, over the provider's Dovecot and Postfix.

Nothing of the machine's own Roundcube is used but its program files: configuration, database, log and sessions lie in
a folder of the test's.  Pictures of a mail are fetched by the browser, as in every webmail without an image proxy.
"""

import os
import secrets
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.real.added_line import LOOK, SeenLine
from tests.real.browser import Browser
from tests.real.provider import Provider, address_of, password_of
from tests.real.waiting import end, free_ports, until_listening

_PUBLIC: Final = Path("/var/lib/roundcube/public_html")
_DEFAULTS: Final = Path("/etc/roundcube/defaults.inc.php")
_MIME_TYPES: Final = Path("/etc/roundcube/mimetypes.php")
_SCHEMA: Final = Path("/usr/share/roundcube/SQL/sqlite.initial.sql")
# PHP's server answers one request after another in each of its processes; a page asks for some dozens of files.
_PROCESSES: Final = 4
_CONFIG: Final = """\
<?php
$tls = ['ssl' => ['verify_peer' => true, 'peer_name' => 'localhost', 'cafile' => '{ca_file}']];
$config = [
    'db_dsnw' => 'sqlite:///{folder}/roundcube.sqlite?mode=0600',
    'imap_host' => 'ssl://localhost:{imaps}',
    'imap_conn_options' => $tls,
    'smtp_host' => 'tls://localhost:{submission}',
    'smtp_conn_options' => $tls,
    'des_key' => '{key}',
    'log_dir' => '{folder}/log/',
    'temp_dir' => '{folder}/temp/',
    'mime_types' => '{folder}/mimetypes.php',
    'enable_spellcheck' => false,
    'plugins' => [],
    'skin' => 'elastic',
    'language' => 'en_US',
    'session_lifetime' => 60,
    'mdn_requests' => 2,
    'htmleditor' => 4,
];
"""


class Roundcube:
    """The running webmail; its people are the provider's, with the passwords they have there."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        """Fill `folder` and start it there."""
        for name in ("config", "log", "temp"):
            (folder / name).mkdir(parents=True)
        (port,) = free_ports(1)
        self.host_and_port = f"127.0.0.1:{port}"
        self.url = f"http://{self.host_and_port}/"
        self._configure(folder, provider)
        log = folder / "php.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["php", "-d", "display_errors=0", "-S", self.host_and_port, "-t", str(_PUBLIC)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "ROUNDCUBE_CONFIG_DIR": str(folder / "config"),
                    "PHP_CLI_SERVER_WORKERS": str(_PROCESSES),
                },
                process_group=0,
            )
        until_listening("127.0.0.1", port, process=self._process, log=str(log))

    def _configure(self, folder: Path, provider: Provider) -> None:
        config = _CONFIG.format(
            folder=folder,
            ca_file=provider.certificates.ca_file,
            imaps=provider.ports.imaps,
            submission=provider.ports.submission,
            key=secrets.token_hex(12),
        )
        (folder / "config/config.inc.php").write_text(config, "utf-8")
        for file in (_DEFAULTS, _MIME_TYPES):
            (folder / "config" / file.name).symlink_to(file)
        with closing(sqlite3.connect(folder / "roundcube.sqlite")) as database:
            database.executescript(_SCHEMA.read_text("utf-8"))

    def close(self) -> None:
        """End it with the processes it started."""
        # PHP's server passes no signal on to the processes it forked.
        os.killpg(self._process.pid, signal.SIGTERM)
        end(self._process)


class Webmail:
    """One person's session in a browser of theirs."""

    def __init__(self, roundcube: Roundcube, browser: Browser, name: str) -> None:
        """Log `name` in."""
        self._roundcube = roundcube
        self._browser = browser
        browser.open(roundcube.url)
        browser.until("window.rcmail && document.querySelector('#rcmloginuser')", what="the sign-in form")
        browser.run(_SIGN_IN, address_of(name), password_of(name))
        browser.until("window.rcmail && rcmail.env.task == 'mail' && rcmail.message_list", what="the list of mails")

    def open_message(self, subject: str, *, folder: str = "INBOX", sender: str = "") -> None:
        """Show the mail with `subject` of a folder, and of a sender, in the whole window, once it is in the list."""
        self._browser.open(f"{self._roundcube.url}?_task=mail&_mbox={folder}")
        self._browser.until(_LISTED, subject, sender, what=f"“{subject}” in {folder}")
        self._browser.run(_OPEN, subject, sender)
        self._browser.until(_SHOWN, subject, what=f"“{subject}” to be displayed")

    def blocks_pictures(self) -> bool:
        """Return whether the displayed mail has the bar that says remote resources were blocked."""
        return bool(self._browser.run(f"return {_BLOCKS}"))

    def load_pictures(self) -> None:
        """Press "Allow" in that bar."""
        self._browser.run(_ALLOW)
        self._browser.until(_ALLOWED, what="the pictures")

    def added_line(self, part: str) -> SeenLine:
        """Return how the displayed mail shows the line whose link holds `part`."""
        return SeenLine(**self._browser.run(f"{LOOK} return look(document, arguments[0]);", part))

    def use_scheme(self, *, is_dark: bool) -> None:
        """Press the switch between light and dark where the other is on."""
        self._browser.run(_USE_SCHEME, is_dark)

    def picture(self, path: Path) -> None:
        """Save what the window shows."""
        self._browser.keep_picture(path)

    def press_link(self, address: str) -> None:
        """Press the link with that address, or its first part, in the displayed mail with the mouse."""
        self._browser.press(f"#messagebody a[href^={address!r}]")

    def reply(self, words: str) -> None:
        """Press Reply, type `words` above what is quoted, and send it."""
        self._browser.press("#toolbar-menu a.reply")
        self._browser.until(_CAN_TYPE, what="the editor")
        self._browser.run(_TYPE, words)
        self._browser.press(".formbuttons button.send")
        self._browser.until("window.rcmail && rcmail.env.action != 'compose'", what="the reply to be sent")


_SIGN_IN: Final = """
document.querySelector('#rcmloginuser').value = arguments[0];
document.querySelector('#rcmloginpwd').value = arguments[1];
document.querySelector('#rcmloginsubmit').click();
"""
# Each row of the list carries its number, as the list's own double click uses it.
_ROW: Final = """
[...document.querySelectorAll("#messagelist tr.message")]
  .find(row => row.querySelector(".subject a").textContent.trim() == arguments[0]
    && row.querySelector(".rcmContactAddress").title.includes(arguments[1]))
"""
_LISTED: Final = f"window.rcmail && rcmail.message_list && {_ROW}"
_OPEN: Final = f"rcmail.show_message({_ROW}.uid)"
_SHOWN: Final = """
window.rcmail && rcmail.env.action == "show" && document.readyState == "complete"
  && document.querySelector("#message-header .subject").textContent.includes(arguments[0])
"""
_BLOCKS: Final = 'document.querySelector("#remote-objects-message")?.offsetParent'
_ALLOW: Final = "document.querySelector('#remote-objects-message a[href=\"#loadremote\"]').click()"
_USE_SCHEME: Final = """
if (document.documentElement.classList.contains("dark-mode") != arguments[0]) {
  document.querySelector(`#taskmenu a.theme`).click();
}
"""
_ALLOWED: Final = (
    'window.rcmail && rcmail.env.action == "show" && document.readyState == "complete"'
    f' && location.search.includes("_safe=1") && !({_BLOCKS})'
)
_CAN_TYPE: Final = """
window.rcmail && rcmail.env.action == "compose" && window.tinymce?.activeEditor?.initialized
  && tinymce.activeEditor.getContent().includes("<blockquote")
"""
_TYPE: Final = """
const editor = tinymce.activeEditor;
editor.selection.setCursorLocation(editor.getBody(), 0);
editor.insertContent(`<p>${arguments[0]}</p>`);
"""
