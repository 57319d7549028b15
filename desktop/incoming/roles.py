"""Which folders are read: the inbox, what was sent, all mail, and spam.

The server's own marks (SPECIAL-USE, RFC 6154) decide for a role; only where it marks none do names, as mail programs
and providers give them in the languages of their users.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from desktop.incoming.mailbox import Folder
from desktop.store.folders import FolderRole

# In the order in which they are read: what was sent first, so that answers find it.
_MARKS: Final = {FolderRole.SENT: "\\sent", FolderRole.ALL: "\\all", FolderRole.JUNK: "\\junk"}
READING_ORDER: Final = (FolderRole.SENT, FolderRole.INBOX, FolderRole.ALL, FolderRole.JUNK)
_NAMES: Final = {
    FolderRole.SENT: """
        Sent|Sent Items|Sent Messages|Sent Mail|Sent-Items|Sent Objects|SentBox|Outbox - Sent
        Gesendet|Gesendete Objekte|Gesendete Elemente|Gesendete Nachrichten|Gesendete E-Mails|Postausgang - gesendet
        Envoyés|Éléments envoyés|Messages envoyés|Courrier envoyé|Objets envoyés
        Enviados|Elementos enviados|Mensajes enviados|Correo enviado|Enviadas|Itens enviados|E-mails enviados
        Mensagens enviadas|Inviati|Inviata|Posta inviata|Elementi inviati|Messaggi inviati
        Verzonden|Verzonden items|Verzonden berichten|Verstuurd|Wysłane|Elementy wysłane|Skickat
        Skickade|Skickade objekt|Sendt|Sendt post|Sendte elementer|Sendte
        Lähetetyt|Lähetetyt kohteet|Odeslané|Odeslaná pošta
        Odeslané položky|Odoslané|Odoslaná pošta|Elküldött|Elküldött elemek
        Elküldött üzenetek|Trimise|Elemente trimise|Poslano|Poslane
        Gönderilmiş|Gönderilmiş Öğeler|Gönderilenler|Gönderilmiş Postalar|Отправленные|Отправленные элементы|Надіслані
        Απεσταλμένα|送信済み|送信済みアイテム|送信済みトレイ|送信済みメール
        已发送|已发送邮件|寄件備份|已傳送|보낸 편지함|보낸편지함|보낸메일함
    """,
    FolderRole.ALL: """
        All Mail|Alle Nachrichten|Tous les messages|Todos|Todos los mensajes|Tutti i messaggi|Todos os e-mails
        Alle berichten|Wszystkie|Вся почта|すべてのメール|所有邮件|전체보관함
    """,
    FolderRole.JUNK: """
        Junk|Spam|Junk E-mail|Junk Email|Junk-E-Mail|Junk Mail|Bulk Mail|Bulk|Unerwünscht|Spamverdacht|Spam-Verdacht
        Unerwünschte Werbung|Courrier indésirable|Indésirables|Pourriel|Correo no deseado|Posta indesiderata
        Lixo eletrônico|Lixo Eletrónico|Ongewenste e-mail|Ongewenst|Ongewenste reclame|Wiadomości-śmieci|Skräppost
        Uønsket e-post|Søppelpost|Uønsket mail|Uønsket post|Roskaposti|Nevyžádaná pošta|Levélszemét|Önemsiz E-posta
        Önemsiz|Спам|Нежелательная почта|Ανεπιθύμητη αλληλογραφία|迷惑メール|垃圾邮件|垃圾郵件|스팸|스팸메일함|정크 메일
    """,
}


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()


_KNOWN: Final = {
    role: frozenset(_plain(name) for line in names.strip().splitlines() for name in line.split("|"))
    for role, names in _NAMES.items()
}
_GMAIL: Final = ("[gmail]", "[google mail]")


def roles(folders: Sequence[Folder], prefixes: Iterable[str] = ("",)) -> tuple[tuple[str, FolderRole], ...]:
    """Return the folders to read with their roles, in the order in which they are to be read; each once.

    `prefixes` are those of the user's own namespace, such as "INBOX.".
    """
    found: dict[str, FolderRole] = {}
    for role in READING_ORDER:
        for name in _of_role(folders, role, tuple(prefixes)):
            found.setdefault(name, role)
    return tuple(found.items())


def _of_role(folders: Sequence[Folder], role: FolderRole, prefixes: tuple[str, ...]) -> list[str]:
    if role is FolderRole.INBOX:
        # RFC 3501 5.1: INBOX is a name in any case.
        return [each.name for each in folders if each.name.upper() == "INBOX"]
    marked = [each.name for each in folders if _MARKS[role] in each.attributes]
    return marked or [each.name for each in folders if _plain(_own_part(each, prefixes)) in _KNOWN[role]]


def _own_part(folder: Folder, prefixes: tuple[str, ...]) -> str:
    """Return a folder's name without the prefix of its namespace or Gmail's."""
    parent, _, last = folder.name.rpartition(folder.separator) if folder.separator else ("", "", folder.name)
    if _plain(parent) in _GMAIL:
        return last
    longest = max((prefix for prefix in prefixes if folder.name.startswith(prefix)), key=len, default="")
    return folder.name[len(longest) :]
