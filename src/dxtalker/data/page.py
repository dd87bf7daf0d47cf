"""How a report looks, of a collection or of an evaluation: the page around it, tables and tiles.

Nothing in it runs, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# A browser that honours this runs no script and fetches nothing, whatever a name in the collection says.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf8; --card: #ffffff; --ink: #23262b; --dim: #6b7078; --rule: #e3e1dc;
  --kept: #2f7d6b; --dropped: #d98a4b; --limit: #b3372f; --beyond: rgba(179, 55, 47, .07); }
@media (prefers-color-scheme: dark) { :root { --paper: #17191c; --card: #1f2226; --ink: #e6e4df; --dim: #9aa0a8;
  --rule: #33373d; --kept: #58b89f; --dropped: #e0a06a; --limit: #f08a80; --beyond: rgba(240, 138, 128, .09); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 52px 0 4px; padding-top: 14px; border-top: 1px solid var(--rule); }
h3 { font-size: 15px; margin: 26px 0 6px; }
p { margin: 4px 0 14px; max-width: 78ch; } .dim, small, figcaption { color: var(--dim); }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 16px; min-width: 118px; }
.tile b { display: block; font-size: 25px; line-height: 1.25; font-variant-numeric: tabular-nums; font-weight: 600; }
.tile span { color: var(--dim); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--dim); font-weight: 500; font-size: 13px; }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--rule); vertical-align: top; overflow-wrap: anywhere; }
.n { text-align: right; white-space: nowrap; } code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; }
.bar { width: 190px; min-width: 90px; } .bar i { display: block; height: 12px; margin-top: 5px; border-radius: 2px; background: var(--dropped); }
.bar i.kept { background: var(--kept); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 14px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px 8px; display: flex; flex-direction: column; }
.card h4 { margin: 0; font-size: 14px; overflow-wrap: anywhere; } .card p { margin: 0 0 auto; padding-bottom: 6px; font-size: 12.5px; color: var(--dim); }
svg { width: 100%; height: auto; display: block; } .whole svg { height: 26px; border-radius: 5px; margin: 6px 0 10px; }
svg text { font-size: 11px; fill: var(--dim); } svg text.limit { fill: var(--limit); } svg text.unit { font-size: 11.5px; }
.grid { stroke: var(--rule); } .axis { stroke: var(--dim); } line.limit { stroke: var(--limit); stroke-width: 1.4; stroke-dasharray: 4 3; }
rect.beyond { fill: var(--beyond); } rect.kept { fill: var(--kept); } rect.dropped { fill: var(--dropped); }
rect.s0 { fill: var(--kept); } rect.s1 { fill: #8b8f98; } rect.s2 { fill: #d98a4b; } rect.s3 { fill: #c9a63c; }
rect.s4 { fill: #7d7fc4; } rect.s5 { fill: #b96a94; } rect.s6 { fill: #6d9cc0; }
path { fill: none; stroke-width: 1.7; stroke-linejoin: round; } line.whisker { stroke-width: 2.4; }
path.s0, line.s0 { stroke: var(--kept); } path.s1, line.s1 { stroke: #8b8f98; } path.s2, line.s2 { stroke: #d98a4b; } line.s4 { stroke: #7d7fc4; }
circle.s0 { fill: var(--kept); } circle.s1 { fill: #8b8f98; } circle.s2 { fill: #d98a4b; } circle.s4 { fill: #7d7fc4; }
.system { white-space: nowrap; } .range { display: block; font-size: 11.5px; color: var(--dim); }
.cards.wide .card p { margin: 0; } .cards.wide { grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); } img.strip { width: 100%; border-radius: 8px; display: block; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--dim); margin: 0 0 14px; }
.key svg { width: 11px; height: 11px; display: inline-block; margin-right: 6px; vertical-align: -1px; }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 8px; }
figure { margin: 0; min-width: 0; } figure img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 6px; display: block; background: var(--rule); }
figcaption { font-size: 11px; line-height: 1.3; margin-top: 3px; max-height: 4em; overflow: hidden; overflow-wrap: anywhere; }
"""


def page(title: str, body: Sequence[str]) -> str:
    """The whole document; ``title`` is plain text, ``body`` HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main></body></html>\n"
    )


def plain(text: str) -> str:
    """Without signs that would move a terminal's cursor or turn its letters around."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def text(value: object, most: int = 300) -> str:
    """Plain text of any origin as HTML: escaped, without signs that are not seen, at most ``most`` letters long."""
    said = plain(str(value))
    return escape(said if len(said) <= most else said[: most - 1] + "…")


def name(value: object, most: int = 300) -> str:
    """A name of any origin, kept apart from the direction of the letters around it."""
    return f"<bdi>{text(value, most)}</bdi>"


def tiles(pairs: Iterable[tuple[str, str]]) -> str:
    """Large figures with what they are."""
    boxes = "".join(
        f'<div class="tile"><b>{text(figure)}</b><span>{text(label)}</span></div>' for figure, label in pairs
    )
    return f'<div class="tiles">{boxes}</div>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """``rows`` of HTML cells; the columns ``numbers`` are set to the right."""
    kinds = [' class="n"' if i in numbers else "" for i in range(len(heads))]
    top = "".join(f"<th{kind}>{text(head)}</th>" for head, kind in zip(heads, kinds, strict=True))
    lines = (
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def bar(share: float, kept: bool = False) -> str:
    """A cell with a bar, 0..1 of its width."""
    kind = ' class="kept"' if kept else ""
    return f'<div class="bar"><i{kind} style="width:{max(100 * share, 0.8 if share else 0):.1f}%"></i></div>'


def card(head: str, said: str, plot: str) -> str:
    """A plot (SVG) with its name and what is said of it, both plain text."""
    return f'<div class="card"><h4>{name(head, 80)}</h4><p>{text(said)}</p>{plot}</div>'


def key(pairs: Iterable[tuple[str, str]]) -> str:
    """What the colours mean: (class, plain text)."""
    swatch = '<svg viewBox="0 0 10 10"><rect class="{}" width="10" height="10" rx="2"/></svg>'
    return (
        '<div class="key">'
        + "".join(f"<span>{swatch.format(kind)}{text(label)}</span>" for kind, label in pairs)
        + "</div>"
    )
