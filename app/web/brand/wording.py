"""Words of stock imports, in the visitor's language."""

from flask_babel import lazy_gettext

IMPORT_STATES = {
    "waiting": (lazy_gettext("To be confirmed"), "warning"),
    "running": (lazy_gettext("Running"), "info"),
    "done": (lazy_gettext("Done"), "success"),
    "failed": (lazy_gettext("Failed"), "error"),
    "cancelled": (lazy_gettext("Cancelled"), ""),
}
SEPARATORS = {
    "comma": lazy_gettext("Comma"),
    "tab": lazy_gettext("Tab"),
    "semicolon": lazy_gettext("Semicolon"),
    "pipe": lazy_gettext("Vertical bar"),
    "space": lazy_gettext("Space"),
    "dashes": lazy_gettext("Four dashes"),
    "whole": lazy_gettext("None: a line is one code"),
}
PROBLEMS = {
    "unreadable_text": lazy_gettext("the text cannot be read"),
    "hidden_character": lazy_gettext("an invisible character"),
    "broken_quotes": lazy_gettext("quotation marks do not match"),
    "too_long": lazy_gettext("too long for a code"),
    "no_code": lazy_gettext("no code in it"),
    "no_password": lazy_gettext("the password is missing"),
    "too_many_columns": lazy_gettext("more columns than the others"),
    "repeated_header": lazy_gettext("the headings once more"),
    "digits_lost": lazy_gettext("the spreadsheet has lost digits: format the column as text"),
    "changed_by_spreadsheet": lazy_gettext("the spreadsheet has changed it: format the column as text"),
    "expiry_unreadable": lazy_gettext("the expiry cannot be read"),
    "expired": lazy_gettext("expired already"),
    "repeated_in_file": lazy_gettext("repeats an earlier line"),
    "already_on_platform": lazy_gettext("on the platform already"),
    "old_or_locked_spreadsheet": lazy_gettext(
        "An old or locked workbook: save it as .xlsx without a password."
    ),
    "broken_spreadsheet": lazy_gettext("This is not a workbook that can be read."),
    "too_large": lazy_gettext("The workbook is too large; bring it in parts or as CSV."),
}
