"""Figure of one library: reads over the locus, and the spectrum known from fragment analysis."""

from collections.abc import Sequence
from html import escape

from amlresist.flt3_itd.calling import LibraryCall
from amlresist.flt3_itd.evidence import Haplotype
from amlresist.flt3_itd.locus import Locus
from amlresist.flt3_itd.summary import NamedClone

_WIDTH = 900
_LEFT, _RIGHT = 150, 30
_ROW = 5
_READS = 14
_MARGIN = 60  # bases shown beside the searched exon and its breakpoints
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito
_WILD = "#7f7f7f"
_SPECTRUM = 190
_MAXIMUM_CLONES = 5


def figure_svg(call: LibraryCall, clones: Sequence[NamedClone]) -> str:
    """SVG of a library: a track of fragments per haplotype, then lengths against share."""
    shown = [c for c in clones if c.library is call and c.call.present][:_MAXIMUM_CLONES]
    locus = call.reads.locus
    title = f"{call.reads.library.sample}, {call.reads.library.timepoint}"
    parts = [_text(12, 20, f"FLT3-ITD: {title}", size=15, weight="bold")]
    top = 36
    columns = {h.allele: i for i, h in enumerate(call.evidence.known)}
    wild = call.evidence.known[0]
    parts += _track(call, locus, wild, 0, "wild type", _WILD, top)
    top += _track_height()
    for clone, color in zip(shown, _COLORS, strict=False):
        column = columns[clone.call.allele]
        haplotype = call.evidence.known[column]
        label = f"{clone.names.clone}\nVAF {clone.call.vaf.value:.1%}"
        parts += _track(call, locus, haplotype, column, label, color, top)
        top += _track_height()
    parts += _spectrum(call, shown, top + 10)
    height = top + _SPECTRUM + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" role="img" '
        f'aria-label="{escape(_summary(call, shown), quote=True)}">\n'
        f"<title>{escape(_summary(call, shown))}</title>\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _summary(call: LibraryCall, shown: Sequence[NamedClone]) -> str:
    found = ", ".join(f"{c.names.hgvs_c} at VAF {c.call.vaf.value:.1%}" for c in shown)
    return f"FLT3-ITD of {call.reads.library.sample}: {found or 'none found'}"


def _track_height() -> int:
    return _READS * _ROW + 44


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


def _track(
    call: LibraryCall,
    locus: Locus,
    haplotype: Haplotype,
    column: int,
    label: str,
    color: str,
    top: int,
) -> list[str]:
    """Fragments that fit this haplotype alone, on the haplotype's own coordinates."""
    low = max(0, locus.target[0] - _MARGIN)
    high = min(len(haplotype.sequence), locus.exons[-1][1] + haplotype.shift)
    scale = (_WIDTH - _LEFT - _RIGHT) / (high - low)

    def x(offset: float) -> float:
        return _LEFT + (min(max(offset, low), high) - low) * scale

    parts = [
        _text(12, top + 24 + 14 * i, line, weight="normal" if i else "bold")
        for i, line in enumerate(label.split("\n"))
    ]
    for exon in locus.exons:
        start, end = (e + haplotype.shift * (e > haplotype.middle) for e in exon)
        if end > low and start < high:
            parts.append(_box(x(start), top + 8, x(end) - x(start), 9, "#bbbbbb"))
    if haplotype.allele is not None:
        copies = ((haplotype.left, haplotype.middle), (haplotype.middle, haplotype.right))
        for (start, end), opacity in zip(copies, (0.45, 0.9), strict=True):
            parts.append(_box(x(start), top + 5, x(end) - x(start), 15, color, opacity))
    for row, spans in enumerate(_picked(call.evidence.examples[column])):
        y = top + 28 + row * _ROW
        for start, end in (spans[:2], spans[2:]):
            if end > low and start >= 0 and start < high:
                parts.append(_box(x(start), y, x(end) - x(start), _ROW - 1.5, color, 0.75))
    for place in haplotype.breakpoints:
        if low < place < high:
            parts.append(
                f'<line x1="{x(place):.1f}" x2="{x(place):.1f}" y1="{top + 2}" '
                f'y2="{top + 28 + _READS * _ROW}" stroke="#222" stroke-dasharray="2 3" '
                f'stroke-width="0.7"/>'
            )
    return parts


def _picked(spans: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    ordered = sorted(spans)
    if len(ordered) <= _READS:
        return ordered
    return [ordered[i * (len(ordered) - 1) // (_READS - 1)] for i in range(_READS)]


def _spectrum(call: LibraryCall, shown: Sequence[NamedClone], top: int) -> list[str]:
    """Share of molecules against length gained; wild type at 0, as peaks of fragment analysis."""
    longest = max([60, *(clone.call.allele.length for clone in shown)]) * 1.15
    scale = (_WIDTH - _LEFT - _RIGHT) / (longest * 1.1)
    base, tall = top + _SPECTRUM - 40, _SPECTRUM - 80

    def x(length: float) -> float:
        return _LEFT + (length + longest * 0.05) * scale

    parts = [
        _text(12, top + 14, "Length spectrum", weight="bold"),
        _text(12, top + 28, "share of molecules"),
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}" stroke="#222"/>',
    ]
    step = 30 if longest < 250 else 60
    for tick in range(0, int(longest) + 1, step):
        parts.append(_text(x(tick), base + 14, f"+{tick}" if tick else "WT", anchor="middle"))
    parts.append(_text(_WIDTH - _RIGHT, base + 30, "bases gained over wild type", anchor="end"))
    wild = max(0.0, 1 - sum(clone.call.vaf.value for clone in shown))
    peaks = [(0, wild, _WILD, f"{wild:.1%}")]
    for clone, color in zip(shown, _COLORS, strict=False):
        ratio = "no wild type" if call.no_wild_type else f"AR {clone.call.ratio.value:.2f}"
        share = clone.call.vaf.value
        peaks.append((clone.call.allele.length, share, color, f"{share:.1%}, {ratio}"))
    for length, share, color, label in peaks:
        height = tall * share
        parts.append(
            f'<path d="M{x(length) - 6:.1f},{base} L{x(length):.1f},{base - height:.1f} '
            f'L{x(length) + 6:.1f},{base} Z" fill="{color}"/>'
        )
        parts.append(_text(x(length) + 8, base - height - 4, label))
    return parts
