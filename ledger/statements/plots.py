"""
Money as pictures: where it came from, and what became of it; and shares of groups. SVG for a page and for paper alike.

Matplotlib draws; amounts stay whole numbers of minor units until it places them, and are written from those.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ledger.statements.document import Step, grouped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 12
WIDE, NARROW = 7.2, 3.9  # inches, as on a page and on a phone
_INK, _SOFT, _LINE = "#4a5568", "#6b7485", "#c9ced6"  # legible on white and on the dark page
_ADDS, _TAKES, _SUM = "#0e7490", "#b45309", "#38558a"
_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "plots",  # the same picture has the same bytes
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _SOFT,
    "text.color": _INK,
    "xtick.color": _SOFT,
    "ytick.color": _INK,
}


def bars(amounts: Sequence[tuple[str, int]], currency: str, *, title: str, inches: float = WIDE) -> bytes:
    """
    Draw amounts in minor units as horizontal bars, in the order given; beyond twelve the rest are one bar.

    Without a currency they are counts.

    :param title: what a person who cannot see it is told
    """
    shown = list(amounts[:MOST_BARS])
    if rest := amounts[MOST_BARS:]:
        shown.append((f"{len(rest)} others", sum(units for _, units in rest)))
    with _figure(inches, 0.5 + 0.3 * max(len(shown), 1)) as figure:
        axes = figure.add_subplot()
        places = range(len(shown))
        values = [units for _, units in shown]
        drawn = axes.barh(places, values, height=0.62, color=[_ADDS if units >= 0 else _TAKES for units in values])
        axes.bar_label(drawn, labels=[_said(units, currency) for units in values], padding=4, color=_INK)
        axes.set_yticks(places, [_short(name) for name, _ in shown])
        axes.invert_yaxis()
        axes.margins(x=0.16)
        _plain(axes, keep="left")
        axes.xaxis.set_visible(False)
        return _svg(figure, title)


def columns(amounts: Sequence[tuple[str, int]], currency: str, *, title: str, inches: float = WIDE) -> bytes:
    """Draw amounts in minor units as columns over time."""
    with _figure(inches, 2.4) as figure:
        axes = figure.add_subplot()
        places = range(len(amounts))
        values = [units for _, units in amounts]
        drawn = axes.bar(places, values, width=0.62, color=[_ADDS if units >= 0 else _TAKES for units in values])
        if len(amounts) <= MOST_BARS:
            axes.bar_label(drawn, labels=[_said(units, currency) for units in values], padding=2, color=_INK)
        step = max(1, len(amounts) // MOST_BARS)
        axes.set_xticks(places[::step], [name for name, _ in amounts[::step]])
        axes.set_xlim(-0.8, max(len(amounts), 4) - 0.2)  # one column is not as wide as the page
        axes.margins(y=0.15)
        _plain(axes, keep="bottom")
        _money_axis(axes.yaxis, currency)
        return _svg(figure, title)


def waterfall(steps: Sequence[Step], currency: str, *, title: str, inches: float = WIDE) -> bytes:
    """Draw the way from the first step to the last: each hangs where the one before ended, sums stand on the ground."""
    bottoms, heights, colors, ends = [], [], [], []
    level = 0
    for step in steps:
        start, level = (0, step.units) if step.is_sum else (level, level + step.units)
        bottoms.append(min(start, level))
        heights.append(abs(level - start))
        colors.append(_SUM if step.is_sum else _ADDS if step.units >= 0 else _TAKES)
        ends.append(level)
    with _figure(inches, 0.5 + 0.32 * max(len(steps), 1)) as figure:
        axes = figure.add_subplot()
        places = range(len(steps))
        drawn = axes.barh(places, heights, left=bottoms, height=0.62, color=colors)
        axes.bar_label(drawn, labels=[grouped(step.units, currency) for step in steps], padding=4, color=_INK)
        for place, end in enumerate(ends[:-1]):
            axes.plot([end, end], [place, place + 1], color=_LINE, linewidth=0.8, zorder=0)
        axes.set_yticks(places, [step.name for step in steps])
        axes.invert_yaxis()
        axes.margins(x=0.16)
        _plain(axes, keep="left")
        axes.xaxis.set_visible(False)
        return _svg(figure, title)


Share = tuple[str, int, int | None]  # what it is called, and two shares in millionths; None: nothing to compare with


def shares(groups: Sequence[Share], names: tuple[str, str], *, title: str, inches: float = WIDE) -> bytes:
    """Draw the shares of groups, each beside what it is compared with; beyond twelve groups the rest are left out."""
    shown = list(groups[:MOST_BARS])
    is_compared = any(other is not None for _, _, other in shown)
    with _figure(inches, 0.2 + 0.3 * is_compared + 0.42 * max(len(shown), 1)) as figure:
        axes = figure.add_subplot()
        height = 0.36 if is_compared else 0.6
        for number, (name, color) in enumerate(zip(names, (_ADDS, _LINE), strict=True)):
            values = [(own, other or 0)[number] / 10_000 for _, own, other in shown]
            if number and not is_compared:
                break
            places = [place + (number - 0.5) * height * is_compared for place in range(len(shown))]
            drawn = axes.barh(places, values, height=height, color=color, label=name[:1].upper() + name[1:])
            said = [_percent((own, other)[number]) for _, own, other in shown]
            axes.bar_label(drawn, labels=said, padding=4, color=_SOFT if number else _INK, fontsize=8)
        axes.set_yticks(range(len(shown)), [_short(name) for name, _, _ in shown])
        axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)  # bars are as thick in every picture
        axes.set_xlim(0, 118)
        _plain(axes, keep="left")
        axes.xaxis.set_visible(False)
        if is_compared:
            figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=8, labelcolor=_INK)
        return _svg(figure, title)


def ranges(groups: Sequence[tuple[str, int, int, int, str]], *, title: str, inches: float = WIDE) -> bytes:
    """Draw rates with their intervals, in millionths: name, low, seen, high, and what is written beside."""
    shown = list(groups[:MOST_BARS])
    with _figure(inches, 0.5 + 0.34 * max(len(shown), 1)) as figure:
        axes = figure.add_subplot()
        for place, (_, low, seen, high, said) in enumerate(shown):
            axes.plot([low / 10_000, high / 10_000], [place, place], color=_LINE, linewidth=6, solid_capstyle="butt")
            axes.plot([seen / 10_000], [place], marker="|", markersize=11, markeredgewidth=2.5, color=_TAKES)
            axes.text(high / 10_000 + 1.5, place, said, va="center", fontsize=8, color=_INK)
        axes.set_yticks(range(len(shown)), [_short(name) for name, *_ in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlim(0, 125)
        _plain(axes, keep="left")
        axes.xaxis.set_visible(False)
        return _svg(figure, title)


@contextmanager
def _figure(width: float, height: float) -> Iterator[Figure]:
    """Give a picture of this many inches to draw on. Matplotlib is loaded by whoever draws, and by nobody before."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        yield Figure(figsize=(width, height), layout="constrained")


def _percent(millionths: int | None) -> str:
    return "" if millionths is None else f"{millionths / 10_000:.1f} %"


def _said(units: int, currency: str) -> str:
    """Write an amount; without a currency it is a count."""
    return grouped(units, currency) if currency else f"{units:,}".replace(",", "\u202f")


def _short(name: str) -> str:
    return name if len(name) <= 34 else f"{name[:33]}…"


def _plain(axes: Any, *, keep: str) -> None:
    for side, spine in axes.spines.items():
        spine.set_visible(side == keep)
    axes.tick_params(length=0)


def _money_axis(axis: Any, currency: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(4, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda units, _: _said(int(units), currency)))
    axis.grid(visible=True, color=_LINE, linewidth=0.5, alpha=0.6)
    axis.axes.set_axisbelow(True)


def _svg(figure: Figure, title: str) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        # It measures text with its own fonts, which lack some scripts; whoever shows the picture brings others.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Title": title})
    return out.getvalue()
