"""What can go wrong at the consoles' door."""

from app.foundation.errors import Kind, ProductError


class SignInRefused(ProductError):
    """E-mail and password do not belong together; the same answer whichever is wrong."""

    code, kind = "sign_in_refused", Kind.FORBIDDEN


class CodeRefused(ProductError):
    """The six digits are not right, or were used before."""

    code, kind = "code_refused", Kind.INVALID


class EmailTaken(ProductError):
    """Somebody signs in with this address already."""

    code, kind = "email_taken", Kind.CONFLICT


class PasswordTooWeak(ProductError):
    """Shorter than `least` signs, or the e-mail itself."""

    code, kind = "password_too_weak", Kind.INVALID


class LastOwner(ProductError):
    """A firm keeps at least one owner."""

    code, kind = "last_owner", Kind.CONFLICT


class SignInLinkSpent(ProductError):
    """A mailed link that was used before, or too late, or never made."""

    code, kind = "sign_in_link_spent", Kind.EXHAUSTED
