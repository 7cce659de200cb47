"""Mails leave by SMTP, or are kept in a folder where the demo can read them."""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit


class Mailer(Protocol):
    """Sends one mail, or raises OSError or smtplib.SMTPException."""

    def send(self, message: EmailMessage, *, key: str) -> None: ...


class FolderMailer:
    """Keeps each mail as a file; the same key overwrites itself, so a second try leaves one mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, *, key: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = "".join(sign if sign.isalnum() else "-" for sign in key)
        (self._folder / f"{name}.eml").write_bytes(message.as_bytes())


class SmtpMailer:
    """Hands mails to a server: `smtp://user:password@host:port` or `smtps://…`."""

    def __init__(self, url: str, *, timeout: float = 15) -> None:
        self._url, self._timeout = urlsplit(url), timeout

    def send(self, message: EmailMessage, *, key: str) -> None:  # noqa: ARG002  # a server knows it by Message-ID
        host, user = self._url.hostname or "localhost", self._url.username
        kind = smtplib.SMTP_SSL if self._url.scheme == "smtps" else smtplib.SMTP
        with kind(host, self._url.port or 0, timeout=self._timeout) as server:
            if self._url.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls()
            if user:
                server.login(unquote(user), unquote(self._url.password or ""))
            server.send_message(message)


def compose(*, sender: str, to: str, subject: str, text: str, html: str, key: str) -> EmailMessage:
    """A mail in plain text and HTML; its Message-ID comes from its key, so a doubled one can be told."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(idstring=key.replace(":", "."), domain="perkline.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def mailer_for(smtp_url: str, home: Path) -> Mailer:
    return SmtpMailer(smtp_url) if smtp_url else FolderMailer(home / "mailbox")
