"""Names, numbers and the text of other libraries, as parts of a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence, Sized

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras writes its errors in colour
_LONGEST = 200


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names as a part of a sentence; of many only the first.

    Example:

    >>> listed(["DNA"]), listed(["DNA", "ER", "Mito"]), listed("ABCD", most=3)
    ('DNA', 'DNA, ER and Mito', 'A, B and 2 more')
    """
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last


def quoted(names: Sequence[object], most: int = 4) -> str:
    """Names in quotes as a part of a sentence; of many only the first."""
    shown = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return listed(shown, most)


def verb(names: Sized, one: str, several: str) -> str:
    """The form of a verb, or of any other word that depends on how many names there are."""
    return one if len(names) == 1 else several


def plural(noun: str) -> str:
    """The plural of what a group, or anything else that is counted, is called.

    Example:

    >>> plural("well"), plural("class"), plural("assay"), plural("field of view")
    ('wells', 'classes', 'assays', 'fields of view')
    >>> plural("plate and site")
    'combinations of plate and site'
    """
    if " and " in noun:
        return f"combinations of {noun}"
    head, of, rest = noun.partition(" of ")
    if re.search(r"(s|x|z|ch|sh)$", head):
        head += "es"
    elif re.search(r"[^aeiou]y$", head):
        head = f"{head[:-1]}ies"
    else:
        head += "s"
    return head + of + rest


def quantity(count: int, noun: str) -> str:
    """A number of things.

    Example:

    >>> quantity(1, "well"), quantity(1200, "well")
    ('1 well', '1,200 wells')
    """
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def number(value: float) -> str:
    """A number with as many digits as matter; a dash where there is none.

    Example:

    >>> number(65535.0), number(12.345), number(0.01234), number(float("nan"))
    ('65,535', '12.3', '0.0123', '-')
    """
    if not math.isfinite(value):
        return "-" if math.isnan(value) else "infinity"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share of 0 to 1 in whole percent, never rounded to nothing or to all.

    Example:

    >>> percent(0.971), percent(0.002), percent(0.0), percent(0.998), percent(1.0)
    ('97%', '<1%', '0%', '>99%', '100%')
    """
    if math.isnan(share):
        return "–"
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{share:.0%}".replace("-0%", "0%").replace("-", "\N{MINUS SIGN}")


def precise_percent(share: float) -> str:
    """A share of 0 to 1 in percent, with a decimal near 0 and near 100.

    Example:

    >>> [precise_percent(share) for share in (0.5, 0.0123, 0.9999, 0.00001, 1.0)]
    ['50 %', '1.2 %', '99.9 %', 'below 0.1 %', '100 %']
    """
    value = 100 * share
    if math.isnan(value):
        return "-"
    if 0 < value < 0.1:
        return "below 0.1 %"
    if value in (0, 100) or (10 <= value <= 99):
        return f"{value:.0f} %"
    return f"{min(value, 99.9):.1f} %"


def probability(value: float) -> str:
    """A p-value as a part of a sentence.

    Example:

    >>> probability(0.0004), probability(0.0031), probability(0.25), probability(float("nan"))
    ('p < 0.001', 'p = 0.003', 'p = 0.250', 'p not known')
    """
    if math.isnan(value):
        return "p not known"
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def points(difference: float) -> str:
    """A difference of two accuracies, -1 to 1, in percentage points with one decimal.

    Example:

    >>> points(0.0031), points(-0.00001), points(-0.004).replace("\N{MINUS SIGN}", "minus ")
    ('0.3', '0.0', 'minus 0.4')
    """
    value = round(100 * difference, 1) + 0.0  # adding 0 takes a zero's minus sign
    return f"{value:.1f}".replace("-", "\N{MINUS SIGN}")


def percentage_points(size: float) -> str:
    """A limit of 0 to 1 that somebody has set, in percentage points, as it was set.

    Example:

    >>> percentage_points(0.02), percentage_points(0.015), percentage_points(0.01)
    ('2 percentage points', '1.5 percentage points', '1 percentage point')
    """
    value = f"{100 * size:g}"
    return f"{value} percentage {'point' if value == '1' else 'points'}"


def interval(low: float, high: float, write: Callable[[float], str] = percent) -> str:
    """A 95 % interval in brackets, its ends written like what it belongs to.

    Example:

    >>> interval(0.912, 0.98), interval(0.004, 0.009, points)
    ('(95% interval 91% to 98%)', '(95% interval 0.4 to 0.9)')
    >>> interval(float("nan"), float("nan"))
    '(interval not known)'
    """
    if math.isnan(low) or math.isnan(high):
        return "(interval not known)"
    return f"(95% interval {write(low)} to {write(high)})"


def natural_key(text: str) -> list[tuple[int, str]]:
    """A key that sorts names as people count: dose 10 after dose 9.

    Example:

    >>> sorted(["P10", "P9", "10", "2"], key=natural_key)
    ['P9', 'P10', '2', '10']
    """
    parts = re.findall(r"\d+|\D+", text)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def is_harmless(text: str) -> bool:
    """Whether a text has no character that controls a terminal; line breaks are harmless."""
    return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)


def short(error: BaseException) -> str:
    r"""The beginning of a library's error on one line, without characters that control a terminal.

    Example:

    >>> short(ValueError("wrong\n  shape"))
    'wrong shape'
    """
    plain = " ".join(_COLOURS.sub("", str(error)).split())[:_LONGEST]
    return "".join(c for c in plain if is_harmless(c)) or type(error).__name__
