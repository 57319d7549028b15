"""Thunderbird, driven by Marionette through its own windows: write, send, open a mail, load its pictures.

Scripts run in Thunderbird's chrome context.  A mail is sent by the Send command and opened by selecting it, so that
what is tested is the program people use; only the compose window is filled by the API that mailto: links use.
"""

import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.real.screen import Screen
from tests.real.thunderbird_profile import Account, write_profile
from tests.real.waiting import end, free_ports, until, until_listening

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # mozinfo 1.2 calls distro.linux_distribution() on import
    from marionette_driver.errors import MarionetteException, NoSuchWindowException
    from marionette_driver.marionette import Marionette

# The wrapper /usr/bin/thunderbird asks questions of its own.
PROGRAM: Final = "/usr/lib/thunderbird/thunderbird"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is typed into the compose window; `body` is HTML unless `is_plain`."""

    to: str
    subject: str
    body: str
    cc: str = ""
    bcc: str = ""
    is_plain: bool = False


class SendFailed(Exception):  # noqa: N818 - it is what Thunderbird told its user, not an error of ours
    """Thunderbird showed an alert instead of sending; the text is the alert's."""


class Thunderbird:
    """A running Thunderbird with one account."""

    def __init__(self, folder: Path, account: Account, screen: Screen) -> None:
        """Start it on `screen` with a new profile in `folder`, and log it in."""
        (port,) = free_ports(1)
        write_profile(folder, account, marionette_port=port)
        log = folder.with_suffix(".log")
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [PROGRAM, "--profile", str(folder), "--no-remote", "--marionette", "--remote-allow-system-access"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=screen.environment,
            )
        until_listening("127.0.0.1", port, process=self._process, log=str(log), within_s=60)
        self._marionette: Any = Marionette(host="127.0.0.1", port=port)
        self._marionette.start_session({"acceptInsecureCerts": False})
        self._marionette.set_context("chrome")
        self._marionette.timeout.script = 40
        self._switch_to("mail:3pane")
        self._remember("imap://localhost", account.address, account.imap_password)
        self._remember("smtp://localhost", account.smtp_user, account.smtp_password)

    def _remember(self, origin: str, user: str, password: str) -> None:
        self._await(_ADD_LOGIN, origin, user, password)

    def _run(self, script: str, *arguments: str) -> Any:
        return self._marionette.execute_script(
            script, script_args=list(arguments), sandbox="system", new_sandbox=False
        )

    def _await(self, script: str, *arguments: str) -> Any:
        """Run a script that may use await; raise RuntimeError with its error."""
        answer = self._marionette.execute_async_script(
            "const [...given] = arguments; const done = given.pop();"
            f"(async () => {{ {script} }})().then(value => done([value ?? null, null]), error => done([null, String(error)]));",
            script_args=list(arguments),
            sandbox="system",
            new_sandbox=False,
        )
        value, error = answer
        if error is not None:
            raise RuntimeError(error)
        return value

    def _find(self, kind: str) -> str | None:
        """Switch to the newest window of `kind` and return its handle."""
        for handle in reversed(self._marionette.chrome_window_handles):
            try:
                self._marionette.switch_to_window(handle)
                if self._run("return document.documentElement.getAttribute('windowtype')") == kind:
                    return str(handle)
            except (NoSuchWindowException, MarionetteException):
                continue  # a window may close while it is looked at
        return None

    def _switch_to(self, kind: str) -> str:
        return until(lambda: self._find(kind), what=f"a window of type {kind}", within_s=30)

    def write(self, draft: Draft) -> str:
        """Open a compose window with `draft` in it, and return the window's handle once it can be sent."""
        self._switch_to("mail:3pane")
        form = "plain" if draft.is_plain else "html"
        self._run(_OPEN_COMPOSER, draft.to, draft.cc, draft.bcc, draft.subject, draft.body, form)
        window = self._switch_to("msgcompose")
        until(lambda: self._run(_CAN_SEND, draft.subject), what="the compose window to be ready")
        return window

    def send(self, draft: Draft, *, within_s: float = 30) -> None:
        """Write and send; return when Thunderbird has sent it and stored its Sent copy, raise SendFailed."""
        window = self.write(draft)
        self._run("setTimeout(() => window.goDoCommand('cmd_sendNow'), 0)")
        until(lambda: self._is_sent(window), what="Thunderbird to finish sending", within_s=within_s)
        self._switch_to("mail:3pane")

    def _is_sent(self, window: str) -> bool:
        handles = self._marionette.chrome_window_handles
        if window not in handles:
            return True
        for handle in handles:
            text = self._alert_in(handle)
            if text:
                raise SendFailed(text)
        return False

    def _alert_in(self, handle: str) -> str:
        try:
            self._marionette.switch_to_window(handle)
            return str(self._run(_ALERT_TEXT))
        except (NoSuchWindowException, MarionetteException):
            return ""  # a window may close while it is looked at

    def open_message(self, subject: str, *, folder: str = "Inbox") -> None:
        """Get new mail and select the message with `subject`; return when it is displayed."""
        self._switch_to("mail:3pane")
        self._await(_SELECT_MESSAGE, folder, subject)
        until(lambda: self._run(_SHOWS, subject), what=f"“{subject}” to be displayed")

    def blocks_pictures(self) -> bool:
        """Return whether the displayed message has the bar that says remote content was blocked."""
        return bool(self._run(_IN_MESSAGE + "return message.gMessageNotificationBar.isShowingRemoteContentNotification()"))

    def load_pictures(self) -> None:
        """Press "Show remote content in this message" for the displayed message."""
        self._run(_IN_MESSAGE + "message.LoadMsgWithRemoteContent()")

    def close(self) -> None:
        """End Thunderbird."""
        end(self._process)


_ADD_LOGIN: Final = """
const [origin, user, password] = given;
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
login.init(origin, null, origin, user, password, "", "");
await Services.logins.addLoginAsync(login);
"""
_OPEN_COMPOSER: Final = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const [to, cc, bcc, subject, body, form] = arguments;
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
Object.assign(fields, { to, cc, bcc, subject, body, forcePlainText: form == "plain" });
const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
params.type = Ci.nsIMsgCompType.New;
params.format = form == "plain" ? Ci.nsIMsgCompFormat.PlainText : Ci.nsIMsgCompFormat.HTML;
params.composeFields = fields;
params.identity = MailServices.accounts.getAccount("account1").defaultIdentity;
MailServices.compose.OpenComposeWindowWithParams(null, params);
"""
_CAN_SEND: Final = """
return Boolean(window.composeEditorReady && window.gMsgCompose?.editor
  && document.getElementById("msgSubject").value == arguments[0]
  && document.querySelector("mail-address-pill")
  && window.defaultController.isCommandEnabled("cmd_sendNow"));
"""
_ALERT_TEXT: Final = """
return document.getElementById("infoBody")?.textContent ?? "";
"""
_IN_MESSAGE: Final = "const message = document.getElementById('tabmail').currentAboutMessage;"
_SELECT_MESSAGE: Final = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const [name, subject] = given;
const server = MailServices.accounts.getAccount("account1").incomingServer;
const pause = () => new Promise(resolve => setTimeout(resolve, 50));
const listener = finish => ({
  QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]), OnStartRunningUrl() {},
  OnStopRunningUrl(url, code) { finish(code); } });
let folder;
server.performExpand(null);
while (!(folder = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags[name]))) await pause();
folder.QueryInterface(Ci.nsIMsgImapMailFolder);
const pane = document.getElementById("tabmail").currentAbout3Pane;
pane.displayFolder(folder.URI);
for (;;) {
  await new Promise(finish => folder.updateFolderWithListener(null, listener(finish)));
  const view = pane.gDBView;
  for (let row = 0; view?.viewFolder === folder && row < view.rowCount; row++) {
    if (view.getMsgHdrAt(row).mime2DecodedSubject == subject) {
      pane.threadTree.selectedIndex = -1;
      pane.threadTree.selectedIndex = row;
      return;
    }
  }
  await pause();
}
"""
_SHOWS: Final = (
    _IN_MESSAGE + "return Boolean(message?.msgLoaded && message.gMessage?.mime2DecodedSubject == arguments[0])"
)
