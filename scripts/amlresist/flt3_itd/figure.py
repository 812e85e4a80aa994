"""Figure of one library: reads over the locus, and the spectrum known from fragment analysis."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from amlresist.flt3_itd.calling import LibraryCall
from amlresist.flt3_itd.evidence import Haplotype
from amlresist.flt3_itd.locus import Locus
from amlresist.flt3_itd.summary import NamedClone, ratio_text

_WIDTH = 900
_LEFT, _RIGHT = 150, 30
_ROW = 5
_READS = 14
_TRACK = _READS * _ROW + 56
_MARGIN = 60  # bases shown beside the searched exon
_SCALE_BAR = 100  # bases
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito
_WILD = "#7f7f7f"
_EXON = "#c8c8c8"
_SPECTRUM = 170
_PEAK = 4  # half width of a peak, px
_VISIBLE = 1e-4  # share from which wild type has a peak
_MAXIMUM_CLONES = 5


@dataclass(frozen=True)
class _View:
    """Offsets shown: one scale for all haplotypes, so that an ITD is longer by its length."""

    low: int
    high: int

    def x(self, offset: float) -> float:
        """Place of an offset on a haplotype, px."""
        inside = min(max(offset, self.low), self.high)
        return _LEFT + (inside - self.low) * (_WIDTH - _LEFT - _RIGHT) / (self.high - self.low)

    def shows(self, start: float, end: float) -> bool:
        """Whether a part of [start, end) is in view."""
        return end > self.low and start < self.high


def figure_svg(call: LibraryCall, clones: Sequence[NamedClone]) -> str:
    """SVG of a library: a track of fragments per haplotype, then lengths against share."""
    shown = [c for c in clones if c.library is call and c.call.present][:_MAXIMUM_CLONES]
    library = call.reads.library
    columns = {h.allele: i for i, h in enumerate(call.evidence.known)}
    view = _view(call.reads.locus, shown)
    parts = [
        _text(12, 22, f"FLT3-ITD: {library.sample}, {library.timepoint}", size=15, weight="bold"),
        _text(12, 40, _summary(call, shown)),
        *_scale_bar(view),
    ]
    top = 56
    parts += _track(call, view, 0, "wild type", _WILD, top)
    for clone, color in zip(shown, _COLORS, strict=False):
        top += _TRACK
        interval = f"{clone.call.vaf.low:.1%} to {clone.call.vaf.high:.1%}"
        label = f"{clone.names.clone}\nVAF {clone.call.vaf.value:.1%}\n{interval}"
        parts += _track(call, view, columns[clone.call.allele], label, color, top)
    top += _TRACK
    parts += _spectrum(call, shown, top)
    height = top + _SPECTRUM
    title = escape(f"FLT3-ITD of {library.sample}: {_summary(call, shown)}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" role="img" '
        f'aria-label="{title}">\n<title>{title}</title>\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _summary(call: LibraryCall, shown: Sequence[NamedClone]) -> str:
    if shown:
        found = ", ".join(f"{c.names.hgvs_c} at VAF {c.call.vaf.value:.1%}" for c in shown)
    elif call.limit < 1:
        found = f"no ITD found; VAF {call.limit:.1%} would have been seen with 95 % power"
    else:
        found = "too few fragments to find an ITD"
    return f"{_shortened(found)}; {call.depth} fragments across"


def _shortened(text: str) -> str:
    return text if len(text) <= 110 else text[:107] + "..."


def _view(locus: Locus, shown: Sequence[NamedClone]) -> _View:
    gained = max((clone.call.allele.length for clone in shown), default=0)
    first = min((clone.call.allele.start for clone in shown), default=locus.target[0])
    low = max(0, min(locus.target[0], first) - _MARGIN)
    high = min(len(locus.sequence), locus.target[1] + 2 * _MARGIN)
    return _View(low, high + gained)


def _text(
    x: float, y: float, text: str, size: int = 11, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="#222">{escape(text)}</text>'
    )


def _box(x: float, y: float, width: float, height: float, color: str, opacity: float = 1) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" '
        f'fill="{color}" fill-opacity="{opacity}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, color: str = "#222", dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
        f'stroke-width="0.8"{dashed}/>'
    )


def _scale_bar(view: _View) -> list[str]:
    end = _WIDTH - _RIGHT
    begin = end - (view.x(view.low + _SCALE_BAR) - _LEFT)
    return [
        _line(begin, 20, end, 20),
        _text((begin + end) / 2, 15, f"{_SCALE_BAR} bp", anchor="middle", size=10),
    ]


def _track(
    call: LibraryCall, view: _View, column: int, label: str, color: str, top: int
) -> list[str]:
    """Fragments that fit this haplotype alone, on the haplotype's own coordinates."""
    haplotype = call.evidence.known[column]
    parts = [
        _text(12, top + 24 + 14 * i, line, weight="normal" if i else "bold")
        for i, line in enumerate(label.split("\n"))
    ]
    parts += _exons(call.reads.locus, view, haplotype, top + 14)
    if haplotype.allele is not None:
        parts += _copies(view, haplotype, color, top)
    spans = call.evidence.examples[column]
    if not spans:
        parts.append(_text(_LEFT, top + 44, "no fragment fits this allele alone"))
    return parts + _fragments(spans, view, color, top + 34)


def _exons(locus: Locus, view: _View, haplotype: Haplotype, y: float) -> list[str]:
    parts = []
    for exon in locus.exons:
        for start, end in _on_haplotype(exon, haplotype):
            if view.shows(start, end):
                parts.append(_box(view.x(start), y, view.x(end) - view.x(start), 9, _EXON))
        if haplotype.allele is None and view.shows(*exon):
            middle = (view.x(exon[0]) + view.x(exon[1])) / 2
            text = f"exon {_exon_number(locus, exon[0])}"
            parts.append(_text(middle, y - 4, text, size=10, anchor="middle"))
    return parts


def _on_haplotype(exon: tuple[int, int], haplotype: Haplotype) -> list[tuple[int, int]]:
    """The exon's stretches before the second copy, and in and after it."""
    if haplotype.allele is None:
        return [exon]
    before = exon[0], min(exon[1], haplotype.middle)
    after = max(exon[0], haplotype.left) + haplotype.shift, exon[1] + haplotype.shift
    return [part for part in (before, after) if part[0] < part[1]]


def _exon_number(locus: Locus, offset: int) -> int:
    position = int(locus.positions[offset])
    exons = locus.transcript.exons_in_transcript_order()
    return next(n for n, (start, end) in enumerate(exons, start=1) if start <= position < end)


def _copies(view: _View, haplotype: Haplotype, color: str, top: int) -> list[str]:
    """Both copies of the duplicated stretch, and the three junctions."""
    parts = []
    copies = ((haplotype.left, haplotype.middle), (haplotype.middle, haplotype.right))
    for (start, end), opacity in zip(copies, (0.45, 0.9), strict=True):
        parts.append(_box(view.x(start), top + 11, view.x(end) - view.x(start), 15, color, opacity))
    junctions = ((haplotype.left, "A|D"), (haplotype.middle, "D|D"), (haplotype.right, "D|B"))
    for place, name in junctions:
        x = view.x(place)
        parts.append(_line(x, top + 10, x, top + 34 + _READS * _ROW, dash="2 3"))
        parts.append(_text(x, top + 8, name, size=9, anchor="middle"))
    return parts


def _fragments(
    spans: Sequence[tuple[int, int, int, int]], view: _View, color: str, top: float
) -> list[str]:
    parts = []
    for row, (one, two, three, four) in enumerate(_picked(spans)):
        y = top + row * _ROW
        mates = sorted(pair for pair in ((one, two), (three, four)) if pair[1] > pair[0] >= 0)
        if len(mates) == 2 and mates[0][1] < mates[1][0] and view.shows(mates[0][1], mates[1][0]):
            middle = y + (_ROW - 1.5) / 2
            parts.append(_line(view.x(mates[0][1]), middle, view.x(mates[1][0]), middle, color))
        for start, end in mates:
            if view.shows(start, end):
                x = view.x(start)
                parts.append(_box(x, y, view.x(end) - x, _ROW - 1.5, color, 0.75))
    return parts


def _picked(spans: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    ordered = sorted(spans)
    if len(ordered) <= _READS:
        return ordered
    return [ordered[i * (len(ordered) - 1) // (_READS - 1)] for i in range(_READS)]


def _spectrum(call: LibraryCall, shown: Sequence[NamedClone], top: int) -> list[str]:
    """Share of molecules against length gained; wild type at 0, as peaks of fragment analysis."""
    longest = max([60, *(clone.call.allele.length for clone in shown)]) * 1.15
    base, tall = top + _SPECTRUM - 46, _SPECTRUM - 80

    def x(length: float) -> float:
        return _LEFT + (length + longest * 0.05) * (_WIDTH - _LEFT - _RIGHT) / (longest * 1.15)

    parts = [
        _text(12, top + 24, "length spectrum", weight="bold"),
        _text(12, top + 38, "share of molecules"),
        _line(_LEFT, base, _WIDTH - _RIGHT, base),
    ]
    for share in (0.5, 1.0):
        parts.append(
            _line(_LEFT, base - tall * share, _WIDTH - _RIGHT, base - tall * share, "#ddd")
        )
        parts.append(_text(_LEFT - 6, base - tall * share + 4, f"{share:.0%}", 10, "end"))
    step = 15 if longest < 120 else 30 if longest < 250 else 60
    for tick in range(0, int(longest) + 1, step):
        parts.append(_text(x(tick), base + 14, f"+{tick}" if tick else "WT", anchor="middle"))
    parts.append(_text(_WIDTH - _RIGHT, base + 32, "bases gained over wild type", anchor="end"))
    wild = max(0.0, 1 - sum(clone.call.vaf.value for clone in shown))
    peaks = [(0, wild, _WILD, f"{wild:.1%}")] if wild > _VISIBLE else []
    for clone, color in zip(shown, _COLORS, strict=False):
        label = f"{clone.call.vaf.value:.1%}, {ratio_text(clone)}"
        peaks.append((clone.call.allele.length, clone.call.vaf.value, color, label))
    for length, share, color, label in peaks:
        parts += _peak(x(length), base, tall * share, color, label)
    return parts


def _peak(x: float, base: float, height: float, color: str, label: str) -> list[str]:
    """A peak with the shape of an electropherogram's."""
    left, right, tip = x - _PEAK, x + _PEAK, base - height
    path = (
        f"M{left - _PEAK:.1f},{base} C{left:.1f},{base} {left:.1f},{tip:.1f} {x:.1f},{tip:.1f} "
        f"C{right:.1f},{tip:.1f} {right:.1f},{base} {right + _PEAK:.1f},{base} Z"
    )
    return [f'<path d="{path}" fill="{color}"/>', _text(x + 9, min(tip + 8, base - 4), label)]
