"""Values for addresses, whatever their converters take."""

from werkzeug.routing import AnyConverter, IntegerConverter, Rule


def any_value(rule: Rule, argument: str) -> str | int:
    """A value that the argument's converter takes."""
    converter = rule._converters[argument]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, IntegerConverter) else "x"
