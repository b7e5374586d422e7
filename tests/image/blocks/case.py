"""A case is a function of a session that raises where something does not hold."""


def marker():
    """A decorator that keeps the functions that it marks, by name."""
    marked = {}

    def case(function):
        marked[function.__name__] = function
        return function

    case.all = marked
    return case


def error_of(kind, function, *arguments, **options):
    """The error of this class that the call raises."""
    try:
        function(*arguments, **options)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}: {function.__name__} passed with {arguments!r:.200} {options!r:.200}")
