"""Thunderbird, driven by Marionette through its own windows: write, send, open a mail, load its pictures.

Scripts run in Thunderbird's chrome context.  A mail is sent by the Send command and opened by selecting it, so that
what is tested is the program people use; only the compose window is filled by the API that mailto: links use.
"""

import subprocess
import warnings
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from time import monotonic
from typing import Any, Final

from tests.real.added_line import LOOK, SeenLine
from tests.real.screen import Screen
from tests.real.thunderbird_profile import Account, write_profile
from tests.real.waiting import end, free_ports, until, until_listening

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # mozinfo 1.2 calls distro.linux_distribution() on import
    from marionette_driver.marionette import Marionette

_SELECT_AGAIN_S: Final = 5.0
# The wrapper /usr/bin/thunderbird asks questions of its own.
PROGRAM: Final = "/usr/lib/thunderbird/thunderbird"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is typed into the compose window; `body` is HTML unless `is_plain`.

    With `asks_receipt` "Return Receipt" is ticked in the Options menu.
    """

    to: str
    subject: str
    body: str
    cc: str = ""
    bcc: str = ""
    is_plain: bool = False
    asks_receipt: bool = False


class Receipts(IntEnum):
    """Thunderbird's numbers for what it does when a sender asks for a receipt."""

    NEVER = 0
    ALWAYS = 1
    ASK = 2


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
        self._marionette: Any = Marionette(host="127.0.0.1", port=port, socket_timeout=60)
        self._marionette.start_session({"acceptInsecureCerts": False, "unhandledPromptBehavior": "ignore"})
        self._marionette.set_context("chrome")
        self._marionette.timeout.script = 40
        until(
            lambda: self._run(_MAIN_WINDOW + "return Boolean(main?.document.getElementById('tabmail'))"), what="windows"
        )
        self._run(_HEAR_ALERTS)
        self._remember("imap://localhost", account.address, account.imap_password)
        self._remember("smtp://localhost", account.smtp_user, account.smtp_password)

    def _remember(self, origin: str, user: str, password: str) -> None:
        self._await(_ADD_LOGIN, origin, user, password)

    def _run(self, script: str, *arguments: str) -> Any:
        return self._marionette.execute_script(script, script_args=list(arguments), sandbox="system", new_sandbox=False)

    def _await(self, script: str, *arguments: str) -> Any:
        """Run a script that may use await; raise RuntimeError with its error."""
        answer = self._marionette.execute_async_script(
            "const [...given] = arguments; const done = given.pop();"
            f"(async () => {{ {script} }})()"
            ".then(value => done([value ?? null, null]), error => done([null, String(error)]));",
            script_args=list(arguments),
            sandbox="system",
            new_sandbox=False,
        )
        value, error = answer
        if error is not None:
            raise RuntimeError(error)
        return value

    def write(self, draft: Draft) -> None:
        """Open a compose window with `draft` in it, and return when it can be sent."""
        form = "plain" if draft.is_plain else "html"
        self._run(_OPEN_COMPOSER, draft.to, draft.cc, draft.bcc, draft.subject, draft.body, form)
        until(lambda: self._run(_CAN_SEND, draft.subject), what="the compose window to be ready", within_s=30)
        if draft.asks_receipt:
            self._run(_ASK_RECEIPT)

    def press_send(self, *, within_s: float = 30) -> None:
        """Send what is written; return when it is sent and its Sent copy stored, or raise SendFailed.

        After SendFailed the compose window is still open, as it is for its user.
        """
        self._run(_PRESS_SEND)
        alert = until(lambda: self._run(_SENT_OR_ALERT), what="Thunderbird to finish sending", within_s=within_s)
        if alert != _SENT:
            raise SendFailed(alert)

    def send(self, draft: Draft) -> None:
        """Write and send; when that fails, close the compose window and raise SendFailed."""
        self.write(draft)
        try:
            self.press_send()
        except SendFailed:
            self.discard()
            raise

    def reply(self, subject: str, words: str, *, sender: str = "") -> None:
        """Open the message with `subject`, press Reply, type `words` above what is quoted, and send it."""
        self.open_message(subject, sender=sender)
        self._run(_PRESS_REPLY)
        until(lambda: self._run(_CAN_SEND, f"Re: {subject}"), what="the reply to be ready", within_s=30)
        self._run(_TYPE, words)
        self.press_send()

    def answer_receipts(self, how: "Receipts") -> None:
        """Choose in the settings what is done when a sender asks for a receipt."""
        self._run(_CHOOSE_RECEIPTS, str(int(how)))

    def is_asked_for_receipt(self) -> bool:
        """Return whether the displayed message has the bar that asks whether to send a receipt."""
        return bool(self._run(_ASKS_RECEIPT))

    def press_receipt_button(self, *, sends: bool) -> None:
        """Press Send or Ignore in that bar."""
        self._run(_PRESS_RECEIPT_BUTTON, "0" if sends else "1")
        until(lambda: not self.is_asked_for_receipt(), what="the bar to go")

    def discard(self) -> None:
        """Close the compose window without saving."""
        self._run(_COMPOSER + "composer.SetContentAndBodyAsUnmodified(); composer.close();")
        until(lambda: self._run(_COMPOSER + "return composer === null"), what="the compose window to close")

    def open_message(self, subject: str, *, in_sent: bool = False, sender: str = "") -> None:
        """Select the message with `subject`, and of a sender, in the inbox or Sent; return when it is displayed.

        A reply has the subject of what it answers: Thunderbird takes "Re:" off.
        """
        folder = "SentMail" if in_sent else "Inbox"
        # A selection made while the list is still being filled may show nothing, and is then made again.
        selected_at_s = -_SELECT_AGAIN_S

        def is_displayed() -> bool:
            nonlocal selected_at_s
            if monotonic() - selected_at_s >= _SELECT_AGAIN_S and self._run(_SELECT_MESSAGE, subject, folder, sender):
                selected_at_s = monotonic()
            return bool(self._run(_SHOWS, subject, sender))

        until(is_displayed, what=f"“{subject}” to be displayed", within_s=40)

    def blocks_pictures(self) -> bool:
        """Return whether the displayed message has the bar that says remote content was blocked."""
        return bool(self._run(_BLOCKS_PICTURES))

    def load_pictures(self) -> None:
        """Press "Show remote content in this message" for the displayed message."""
        self._run(_IN_MESSAGE + "message.LoadMsgWithRemoteContent()")

    def added_line(self, part: str) -> SeenLine:
        """Return how the displayed message shows the line whose link holds `part`."""
        return SeenLine(**self._run(f"{_IN_MESSAGE} {_DISPLAYED} {LOOK} return look(shown, arguments[0]);", part))

    def use_scheme(self, *, is_dark: bool) -> None:
        """Have it look as the system's dark or light theme wants it, mails included."""
        self._run(_USE_SCHEME, str(int(is_dark)))

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
_COMPOSER: Final = "const composer = Services.wm.getMostRecentWindow('msgcompose');"
_CAN_SEND: Final = (
    _COMPOSER
    + """
return Boolean(composer?.composeEditorReady && composer.gMsgCompose?.editor
  && composer.document.getElementById("msgSubject").value == arguments[0]
  && composer.document.querySelector("mail-address-pill")
  && composer.defaultController.isCommandEnabled("cmd_sendNow"));
"""
)
_ASK_RECEIPT: Final = (
    _COMPOSER
    + "if (!composer.gMsgCompose.compFields.returnReceipt) { composer.goDoCommand('cmd_toggleReturnReceipt'); }"
)
_TYPE: Final = (
    _COMPOSER
    + """
const editor = composer.GetCurrentEditor();
editor.beginningOfDocument();
editor.insertText(arguments[0]);
"""
)
_CHOOSE_RECEIPTS: Final = """
const how = Number(arguments[0]);
Services.prefs.setBoolPref("mail.mdn.report.enabled", how != 0);
for (const name of ["not_in_to_cc", "outside_domain", "other"]) {
  Services.prefs.setIntPref(`mail.mdn.report.${name}`, how);
}
"""
_MAIN_WINDOW: Final = "const main = Services.wm.getMostRecentWindow('mail:3pane');"
_HAS_STARTED: Final = _MAIN_WINDOW + "return Boolean(main?.document.getElementById('tabmail')?.currentAbout3Pane)"
# The text is kept and the alert pressed away at once: Marionette answers nothing while a modal window is open.
_HEAR_ALERTS: Final = (
    _MAIN_WINDOW
    + """
main.heardAlert = "";
main.alertObserver = { observe(dialog) {
  main.heardAlert = dialog.document.getElementById("infoBody").textContent;
  dialog.document.querySelector("dialog").acceptDialog();
} };
Services.obs.addObserver(main.alertObserver, "common-dialog-loaded");
"""
)
_PRESS_SEND: Final = (
    _MAIN_WINDOW + _COMPOSER + "main.heardAlert = ''; main.setTimeout(() => composer.goDoCommand('cmd_sendNow'), 0);"
)
_SENT: Final = "sent"
_SENT_OR_ALERT: Final = _MAIN_WINDOW + _COMPOSER + f"return main.heardAlert || (composer ? '' : '{_SENT}')"
_IN_MESSAGE: Final = _MAIN_WINDOW + "const message = main.document.getElementById('tabmail').currentAboutMessage;"
_DISPLAYED: Final = "const shown = message.getMessagePaneBrowser().contentDocument;"
_USE_SCHEME: Final = """
const isDark = arguments[0] == "1";
Services.prefs.setIntPref("ui.systemUsesDarkTheme", isDark ? 1 : 0);
Services.prefs.setBoolPref("mail.dark-reader.enabled", isDark);
"""
_BLOCKS_PICTURES: Final = _IN_MESSAGE + "return message.gMessageNotificationBar.isShowingRemoteContentNotification()"
_PRESS_REPLY: Final = _MAIN_WINDOW + "main.setTimeout(() => main.goDoCommand('cmd_reply'), 0);"
_RECEIPT_BAR: Final = (
    _IN_MESSAGE
    + "const bar = message?.gMessageNotificationBar.msgNotificationBar.getNotificationWithValue('mdnRequested');"
)
_ASKS_RECEIPT: Final = _RECEIPT_BAR + "return Boolean(bar)"
_PRESS_RECEIPT_BUTTON: Final = _RECEIPT_BAR + "bar.buttonContainer.children[Number(arguments[0])].click();"
# The inbox is kept up to date by IDLE and Sent is read when it is shown, so it is enough to show them and to look.
_SELECT_MESSAGE: Final = (
    _MAIN_WINDOW
    + """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const root = MailServices.accounts.getAccount("account1").incomingServer.rootFolder;
const pane = main.document.getElementById("tabmail").currentAbout3Pane;
const folder = root.getFolderWithFlags(Ci.nsMsgFolderFlags[arguments[1]]);
if (!folder) {
  root.server.performExpand(null);
} else if (pane.gFolder?.URI != folder.URI) {
  pane.displayFolder(folder.URI);
}
for (let row = 0; row < (pane.gDBView?.rowCount ?? 0); row++) {
  const header = pane.gDBView.getMsgHdrAt(row);
  if (header.mime2DecodedSubject == arguments[0] && header.author.includes(arguments[2])) {
    pane.threadTree.selectedIndex = -1;
    pane.threadTree.selectedIndex = row;
    return true;
  }
}
return false;
"""
)
_SHOWS: Final = (
    _IN_MESSAGE
    + """
return Boolean(message?.msgLoaded && message.gMessage?.mime2DecodedSubject == arguments[0]
  && message.gMessage.author.includes(arguments[1]))
"""
)
