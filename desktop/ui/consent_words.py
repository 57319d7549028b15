"""The words of asking, agreeing and refusing: what each choice means, and where a person stands; pure.

Nothing here claims that anything is lawful: it says what is sent, what is recorded, and what is not.
"""

from datetime import datetime, tzinfo
from typing import Final

from desktop.core.grounds import AskWhen, Policy
from desktop.core.permission import Method, Permission, Standing
from desktop.core.policy import WhyNot
from desktop.core.readingtime import ReadingTime
from desktop.store.known import Question
from desktop.ui import words
from relay.wire.language import Language

READING_ALLOWED: Final = (
    "Told where a mail was opened and a link in it used later, in the same program from the same network: at least so "
    "many minutes lie between. Nothing else is measured."
)
READING_NEEDS: Final = "This is told from an opening and a link: it needs both of the above."
ONLY_NARROWER: Final = (
    "They ticked this themselves on their page. Record here where they told you that they want less; more is theirs "
    "alone to tick."
)
NOT_TICKED: Final = "They did not tick this on their page."
LANGUAGES: Final = {
    Language.ENGLISH: "English",
    Language.GERMAN: "Deutsch",
    Language.FRENCH: "Français",
    Language.SPANISH: "Español",
}
MEANINGS: Final = {
    Standing.UNKNOWN: "Mail to them goes out exactly as you write it. Nothing is recorded.",
    Standing.ASKED: "Until they say yes, nothing is recorded. They are not asked again unless you want it.",
    Standing.DENIED: "They said no when asked, and are not asked again. Only they can allow it.",
    Standing.WITHDRAWN: "They told you no. It holds for mail already sent too, and only they can allow it again.",
    Standing.STOPPED: "They pressed Stop. It holds for mail already sent too, and only they can allow it again.",
}

# Somebody whose no may be among what a repair of the ledger found lost.
UNCERTAIN_STANDINGS: Final = {
    Standing.UNKNOWN: "What they said may have been in the damaged part",
    Standing.ASKED: "Asked on {day}; their answer may have been in the damaged part",
}
UNCERTAIN_MEANS: Final = (
    "The record of permissions was repaired, and what they had said may have been in the part that was damaged. "
    "Nothing is recorded of them, and they are not asked by itself. If they told you, record it; else you can ask them."
)
# What the next mail to somebody does.
NEXT_ASKS: Final = (
    "Your next mail to them asks whether you may see {purposes}. Until they say yes, nothing is recorded."
)
ASKED_LATER: Final = "They are asked once, after they have answered you."
TOLD: Final = "You tell them instead of asking, and they can stop it."
UNTRACKED: Final = {
    WhyNot.LEDGER_BROKEN: "Mail to them goes out exactly as you write it. Nothing is recorded.",
    WhyNot.POLICY_OFF: "You chose that nothing is recorded of them: mail to them goes out exactly as you write it.",
    WhyNot.NO_RELAY: "No relay is connected: mail to them goes out exactly as you write it, and nothing is recorded.",
}
BROKEN: Final = (
    "The record of permissions is damaged, so nobody can be asked, and nothing can be recorded but a no, until it is "
    "repaired: Settings, Privacy."
)

# What would you like to know?
WOULD_LIKE: Final = "What would you like to know?"
ALWAYS: Final = (
    "Always, with nothing added to your mail: replies, out-of-office, mail that was not delivered, and silence."
)
IF_YES: Final = "Opens and clicks, if the person says yes"
OTHERWISE: Final = "Or for everybody"
ASKING: Final = {
    AskWhen.ANSWERED: "ask once, after they ha&ve answered me",
    AskWhen.FIRST: "ask in m&y first mail",
    AskWhen.NEVER: "never, I record agreements myself",
}
TELLING: Final = "tell them in each mail, and let them stop"
TELLING_HINT: Final = (
    "Only where it is known in which country a person is, by what you enter or by their address. It is not offered for "
    "people, or senders, in the European Union, Iceland, Liechtenstein, Norway, Switzerland or the United Kingdom: "
    "people there are asked first."
)
NOTHING: Final = "nothing: no picture and no tracked link, for any&body"
CONFIRM: Final = "Let me add a “Got it” link to mails I choose"
CONFIRM_HINT: Final = (
    "Write [got it] on a line of its own, and it becomes a link: “No reply needed: tell me you've read this.” It tells "
    "you only what they press."
)
NO_INCOMING: Final = (
    "No incoming mail is read for this account, so nobody is known to have answered: whoever is to be asked after an "
    "answer is never asked. Choose the first mail, or never."
)
UNANSWERED: Final = "You have not chosen yet. Until you do, nobody is asked, and only what you recorded holds."
LATER: Final = "You can change this at any time under Settings, Accounts, and for each person under People."
LANGUAGE_HINT: Final = "For the lines in your mail and the pages they lead to, where a mail's own language is not clear"
SUNSET_HINT: Final = "Whatever is fetched from a mail later than this is not recorded."

# A person's own policy.
AS_ACCOUNT: Final = "As your account says"
POLICIES: Final = {
    Policy.ASK: "Ask them first",
    Policy.TELL: "Tell them in each mail, and let them stop",
    Policy.OFF: "Nothing: no picture and no tracked link",
}
ASK_WHEN: Final = {
    AskWhen.ANSWERED: "Once, after they have answered",
    AskWhen.FIRST: "In the first mail",
    AskWhen.NEVER: "Never, you record what they say",
}
COUNTRY_BY_ADDRESS: Final = "By their address, if it shows one"
ASK_IN_NEXT: Final = "Ask in my &next mail"
ASK_WANTED: Final = "Your next mail to them asks."
ASK_WAITS: Final = "You want to ask them, but mail to them cannot ask as things stand."
DELETED_FACT: Final = "on {day}, as they asked: what was recorded of them until then is gone"
DELETED_REMARK: Final = "What was recorded until {day} was deleted, as they asked."
ERASED_HINT: Final = (
    "Deletes what is known of them: names, addresses, subjects, what was recorded, what they agreed to, and every "
    "mail's entry. Their earlier mail is stopped first, so nothing new is stored. What stays is a mark made with a "
    "secret key, which tells only that this address is to be left alone, and that the ledger once had rows here."
)
EXPORT_HINT: Final = "Everything that is held of them, in one file (JSON): to look at, or to hand to them."
LISTED: Final = "On your do-not-track list: mail to them goes out untracked, and they are not asked."


REPAIR: Final = "Repair…"
REPAIR_QUESTION: Final = "Repair the record of permissions?"
REPAIR_MEANS: Final = (
    "The record as it is goes into a file, to be looked into. A new one begins with what held before the damage, and "
    "with every no, wherever it stood. What was agreed after the damage does not hold any more: it has to be agreed, "
    "or recorded, again."
)
LEDGER_HOLDS: Final = "The record of permissions is whole: each entry confirms the one before it."


REPAIRED: Final = "The damaged record, which names people, is kept in this file:"


def repaired_text(dropped: int) -> str:
    """Return what a repair did."""
    ended = f" {words.count(dropped, 'permission does', 'permissions do')} not hold any more." if dropped else ""
    return f"Repaired.{ended}"


def reading_text(time: ReadingTime) -> str:
    """Return how long a mail was read at the least, and from what that is known."""
    span = words.count(time.minutes, "minute", "minutes")
    return f"Read for at least {span}: so long lay between opening it and using a link in it."


def standing_line(permission: Permission, tz: tzinfo | None = None) -> str:
    """Return where a person stands, with the day where one belongs to it."""
    if permission.is_uncertain and permission.standing in UNCERTAIN_STANDINGS:
        asked = words.day(permission.asked_at, tz) if permission.asked_at is not None else ""
        return UNCERTAIN_STANDINGS[permission.standing].format(day=asked)
    if permission.standing is Standing.ASKED and permission.asked_at is not None:
        return f"Asked on {words.day(permission.asked_at, tz)}; no answer yet"
    if permission.standing is Standing.GRANTED and permission.method is Method.PAGE and permission.granted_at:
        return f"Agreed on the page on {words.day(permission.granted_at, tz)}"
    if permission.standing is Standing.GRANTED and permission.granted_at:
        return f"Gave permission on {words.day(permission.granted_at, tz)}"
    return words.STANDINGS[permission.standing]


def question_lines(question: Question) -> tuple[tuple[datetime, str], ...]:
    """Return what became of a question, newest first, each with its instant."""
    asked = f"This mail asked whether you may see {words.purposes_line(question.purposes)}."
    if question.answered_at is None:
        return ((question.at, f"{asked} No answer yet."),)
    if question.agreed is not None:
        said = f"They agreed on the page: you may see {words.purposes_line(question.agreed)}."
    else:
        said = "They said no on the page." if question.is_denied else "An answer came that allows nothing."
    return (question.answered_at, said), (question.at, asked)
