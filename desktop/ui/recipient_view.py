"""What a recipient sees: their copy of the mail and the page behind its link, shown without loading anything.

QTextBrowser makes no network requests but would read local files: every resource is refused, and Readback's own picture
is drawn as a marker instead, so that it can be seen at all.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from PySide6.QtCore import QRectF, QSize, Qt, QUrl, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QTextCursor,
    QTextDocument,
    QTextImageFormat,
)
from PySide6.QtWidgets import QDialog, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.ui.actions import PracticeControls, PracticeRecipient
from desktop.ui.forms import ButtonRow, Message
from desktop.ui.labels import Role, font_of, plain
from desktop.ui.ops import Ops
from desktop.ui.screen_room import resize_within_screen
from desktop.ui.theme import LIGHT

_MARKER: Final = "Readback's picture, 1 × 1"
# QTextBrowser drops buttons; the stop page is one button, so it is shown as a coloured cell.
_BUTTON: Final = re.compile(r"<button\b[^>]*>(.*?)</button>", re.IGNORECASE | re.DOTALL)
_AS_CELL: Final = (
    rf'<table style="margin-top: 14px" cellpadding="9" bgcolor="{LIGHT.accent}">'
    rf'<tr><td><font color="{LIGHT.on_accent}"><b>\1</b></font>'
    "</td></tr></table>"
)
_PAPER: Final = "#ffffff"


def is_own_picture(url: str) -> bool:
    """Say whether an address has the shape of Readback's picture."""
    path = urlsplit(url).path
    return path.startswith("/open/") and path.endswith(".gif")


class SealedBrowser(QTextBrowser):
    """Shows HTML on white paper as a mail program would; loads nothing and follows nothing."""

    def __init__(self) -> None:
        """Links are shown below by the dialog, never opened."""
        super().__init__()
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        palette = self.palette()
        palette.setColor(palette.ColorRole.Base, QColor(_PAPER))
        palette.setColor(palette.ColorRole.Text, QColor(LIGHT.text))
        self.setPalette(palette)
        self.document().setDocumentMargin(18)
        # A link takes its colour from the application, which may be dark where paper is not.
        self.document().setDefaultStyleSheet(f"a {{ color: {LIGHT.blue}; }}")
        self.refused: list[str] = []

    def show_html(self, html: str) -> None:
        """Show a document, and make its own picture visible where there is one."""
        self.refused.clear()
        self.setHtml(_BUTTON.sub(_AS_CELL, html))
        self._enlarge_own_pictures()

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Answer with the marker for Readback's picture and with nothing for everything else."""
        url = name.toString() if isinstance(name, QUrl) else name
        if kind == QTextDocument.ResourceType.ImageResource.value and is_own_picture(url):
            return marker()
        self.refused.append(url)
        return _nothing() if kind == QTextDocument.ResourceType.ImageResource.value else b""

    def _enlarge_own_pictures(self) -> None:
        block = self.document().begin()
        size = marker_size()
        while block.isValid():
            walker = block.begin()
            while not walker.atEnd():
                fragment = walker.fragment()
                image = fragment.charFormat().toImageFormat()
                if image.isValid() and is_own_picture(image.name()):
                    self._resize(fragment.position(), image, size)
                walker += 1
            block = block.next()

    def _resize(self, position: int, image: QTextImageFormat, size: QSize) -> None:
        image.setWidth(size.width())
        image.setHeight(size.height())
        image.setToolTip("Loading this picture is how an open is noticed")
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        cursor.setPosition(position + 1, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(image)


def _marker_font() -> QFont:
    return font_of(Role.SMALL)


def marker_size() -> QSize:
    """Return the marker's size in pixels."""
    metrics = QFontMetrics(_marker_font())
    return QSize(metrics.horizontalAdvance(_MARKER) + 18, metrics.height() + 6)


def _nothing() -> QImage:
    """Return a picture that shows nothing; without one Qt draws the sign of a broken file."""
    image = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    return image


def marker() -> QImage:
    """Return the badge that stands for the picture."""
    size = marker_size()
    image = QImage(size * 2, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(2)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(LIGHT.amber))
    painter.setBrush(QColor("#fff7e6"))
    box = QRectF(0.5, 0.5, size.width() - 1, size.height() - 1)
    painter.drawRoundedRect(box, size.height() / 2, size.height() / 2)
    painter.setFont(_marker_font())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _MARKER)
    painter.end()
    return image


class RecipientView(QDialog):
    """Two pages: the mail as it lies in the recipient's mailbox, and the stop page behind its link."""

    def __init__(self, parent: QWidget, controls: PracticeControls, ops: Ops, recipient: PracticeRecipient) -> None:
        """Read both on a worker."""
        super().__init__(parent)
        self._controls, self._ops, self._address = controls, ops, recipient.address
        self.setWindowTitle(f"What {recipient.name or recipient.address} sees")
        resize_within_screen(self, 680, 560)
        self.mail, self.page = SealedBrowser(), SealedBrowser()
        self.mail.setAccessibleName("The mail")
        self.page.setAccessibleName("The stop page")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.mail, "The &mail")
        self.tabs.addTab(self.page, "The &stop page")
        self._where = plain("", Role.SMALL, wraps=True)
        self.message = Message()
        for browser in (self.mail, self.page):
            browser.anchorClicked.connect(self._on_link)
            browser.highlighted.connect(self._on_link)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(self.tabs, 1)
        column.addWidget(self._where)
        column.addWidget(self.message)
        buttons = ButtonRow()
        buttons.plain("Close").clicked.connect(self.accept)
        column.addWidget(buttons)
        self.tabs.currentChanged.connect(self._say_nothing)
        self._say_nothing()
        self.reload()

    def reload(self) -> None:
        """Read mail and page anew."""
        controls, address = self._controls, self._address
        self._ops.run(self, lambda: controls.mail_html_of(address), self.mail.show_html, self._on_failed)
        self._ops.run(self, lambda: controls.stop_page_html(address), self.page.show_html, self._on_failed)

    @Slot()
    def _say_nothing(self) -> None:
        if self.tabs.currentWidget() is self.page:
            self._where.setText("Shown as a browser shows it. Nothing is sent from here.")
        else:
            self._where.setText("Shown as a mail program shows it. Nothing is loaded, no link is followed.")

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        if url.isEmpty():
            self._say_nothing()
        else:
            self._where.setText(f"Leads to {url.host()}{url.path()[:12]}…")

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)
