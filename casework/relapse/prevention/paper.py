"""A page of boxes: how high they are at a size of type, which size fits, and the drawing. Knows no client."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

PLAIN, BOLD = "Plain", "Bold"
FILES = {PLAIN: "Vera.ttf", BOLD: "VeraBd.ttf"}  # Bitstream Vera comes with reportlab, free to embed
INK, MUTED, ACCENT, LINE, PAPER, ATTENTION = (
    HexColor(value) for value in ("#1f2a2c", "#57646a", "#0b5f58", "#dcd7cd", "#faf8f4", "#8a5a00")
)
WIDTH, HEIGHT = letter
MARGIN, GAP, INSET, RADIUS = 40.0, 11.0, 10.0, 7.0
HEAD, FOOT = 62.0, 76.0  # points taken by the title and by what stands below everything
SIZES = (
    13.0,
    12.5,
    12.0,
    11.5,
    11.0,
    10.5,
    10.0,
    9.5,
    9.0,
    8.5,
    8.0,
    7.5,
)  # points; smaller is no longer read without glasses
LEADING = 1.36
ROOM = HEIGHT - 2 * MARGIN - HEAD - FOOT


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a box: what is said, and what belongs to it in bold or more quietly."""

    text: str
    strong: str = ""
    quiet: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A heading and its entries. `filled` is the share of the small circle beside the heading, None for no circle."""

    key: str
    title: str
    entries: tuple[Entry, ...]
    colour: str = "#0b5f58"
    filled: float | None = None
    tinted: bool = False

    def paragraphs(self, size: float) -> Iterator[Paragraph]:
        yield Paragraph(escape(drawable(self.title)), _heading(self.colour, size, self.filled is not None))
        for entry in self.entries:
            yield Paragraph(_markup(entry), _body(size), bulletText="•")

    def height(self, width: float, size: float) -> float:
        inner = width - 2 * INSET
        return 2 * INSET - 2 + sum(one.wrap(inner, HEIGHT)[1] + 2 for one in self.paragraphs(size))


Column = tuple[Box, ...]
Row = tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that stands on the sheet."""

    title: str
    under_title: str
    mark: str  # in the corner, in ochre: that it is a draft
    rows: tuple[Row, ...]
    lines_to_call: tuple[tuple[str, str], ...]  # what, and the number
    footer: str
    language: str


def _heading(colour: str, size: float, beside_circle: bool) -> ParagraphStyle:
    return ParagraphStyle(
        "heading",
        fontName=BOLD,
        fontSize=size,
        leading=size * LEADING,
        textColor=HexColor(colour),
        leftIndent=size * 1.25 if beside_circle else 0,
    )


def _body(size: float) -> ParagraphStyle:
    return ParagraphStyle(
        "body",
        fontName=PLAIN,
        fontSize=size * 0.94,
        leading=size * LEADING * 0.94,
        textColor=INK,
        leftIndent=size * 1.1,
        bulletIndent=0,
        bulletFontName=PLAIN,
        bulletFontSize=size * 0.94,
        bulletColor=MUTED,
    )


def _markup(entry: Entry) -> str:
    strong = f'<font name="{BOLD}">{escape(drawable(entry.strong))}</font>' if entry.strong else ""
    quiet = f'<font color="#57646a">{escape(drawable(entry.quiet))}</font>' if entry.quiet else ""
    return " ".join(part for part in (strong, escape(drawable(entry.text)), quiet) if part)


# --- letters ---
@cache
def _faces() -> dict[str, TTFont]:
    """The typefaces, made known to the library once."""
    folder = Path(reportlab.__file__).parent / "fonts"
    faces = {name: TTFont(name, str(folder / file)) for name, file in FILES.items()}
    for face in faces.values():
        pdfmetrics.registerFont(face)
    return faces


def _has(letter_: str) -> bool:
    return ord(letter_) in _faces()[PLAIN].face.charToGlyph


def drawable(text: str) -> str:
    """The text as the typeface can draw it: pictures are left out, a rare accent gives way to the plain letter."""
    return "".join(_drawn_as(one) for one in unicodedata.normalize("NFC", text)).strip()


def _drawn_as(letter_: str) -> str:
    if _has(letter_):
        return letter_
    plain = unicodedata.normalize("NFKD", letter_)[:1]
    return plain if plain != letter_ and plain and _has(plain) else ""


def undrawable(text: str) -> str:
    """Letters and digits of the text that would be missing on paper, each once."""
    lost = [one for one in unicodedata.normalize("NFC", text) if not _drawn_as(one)]
    return "".join(dict.fromkeys(one for one in lost if unicodedata.category(one)[0] in "LN"))


# --- fitting ---
def _width_of(row: Row) -> float:
    return (WIDTH - 2 * MARGIN - GAP * (len(row) - 1)) / len(row)


def _column_height(column: Column, width: float, size: float) -> float:
    return sum(box.height(width, size) for box in column) + GAP * (len(column) - 1)


def height_of(rows: Sequence[Row], size: float) -> float:
    """How much room the rows take, in points."""
    _faces()
    heights = [max(_column_height(column, _width_of(row), size) for column in row) for row in rows]
    return sum(heights) + GAP * max(len(rows) - 1, 0)


def fitting_size(rows: Sequence[Row]) -> float | None:
    """The largest size of type at which the rows fit on the sheet; None when not even the smallest does."""
    return next((size for size in SIZES if height_of(rows, size) <= ROOM), None)


def lines_over(rows: Sequence[Row]) -> int:
    """How many lines are too many at the smallest size; 0 when it fits."""
    over = height_of(rows, SIZES[-1]) - ROOM
    return max(0, round(over / (SIZES[-1] * LEADING) + 0.5)) if over > 0 else 0


def tallest(rows: Sequence[Row]) -> Box:
    """The box that takes most room at the smallest size."""
    sized = [(box.height(_width_of(row), SIZES[-1]), box) for row in rows for column in row for box in column]
    return max(sized, key=lambda pair: pair[0])[1]


# --- drawing ---
def draw(page: Page, size: float) -> bytes:
    """The page as a PDF. Title and language are all that its metadata says."""
    _faces()
    out = BytesIO()
    canvas = Canvas(out, pagesize=letter, invariant=1, lang=page.language, pageCompression=1)
    canvas.setTitle(page.title)
    for tell in (canvas.setAuthor, canvas.setSubject, canvas.setCreator, canvas.setProducer):
        tell("")
    _draw_head(canvas, page)
    _draw_rows(canvas, page.rows, size)
    _draw_foot(canvas, page)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw_head(canvas: Canvas, page: Page) -> None:
    top = HEIGHT - MARGIN
    canvas.setFillColor(ACCENT)
    canvas.setFont(BOLD, 25)
    canvas.drawString(MARGIN, top - 23, drawable(page.title))
    canvas.setFillColor(MUTED)
    canvas.setFont(PLAIN, 9.5)
    canvas.drawString(MARGIN, top - 41, drawable(page.under_title))
    if page.mark:
        canvas.setFillColor(ATTENTION)
        canvas.setFont(BOLD, 10.5)
        canvas.drawRightString(WIDTH - MARGIN, top - 20, drawable(page.mark))
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.6)
    canvas.line(MARGIN, top - 50, WIDTH - MARGIN, top - 50)


def _draw_rows(canvas: Canvas, rows: Sequence[Row], size: float) -> None:
    """Row under row; what room is left goes between them, up to a point."""
    spare = ROOM - height_of(rows, size)
    between = GAP + min(spare / max(len(rows), 1), 10.0)
    top = HEIGHT - MARGIN - HEAD
    for row in rows:
        width = _width_of(row)
        high = max(_column_height(column, width, size) for column in row)
        for place, column in enumerate(row):
            _draw_column(canvas, column, (MARGIN + place * (width + GAP), top, width, high), size)
        top -= high + between


def _draw_column(
    canvas: Canvas, column: Column, place: tuple[float, float, float, float], size: float
) -> None:
    """Boxes one under the other, the last as long as its neighbours in the row."""
    left, top, width, high = place
    for box in column:
        tall = high if box is column[-1] else box.height(width, size)
        _draw_box(canvas, box, (left, top, width, tall), size)
        top, high = top - tall - GAP, high - tall - GAP


def _draw_box(canvas: Canvas, box: Box, place: tuple[float, float, float, float], size: float) -> None:
    left, top, width, high = place
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.8)
    canvas.setFillColor(PAPER if box.tinted else HexColor("#ffffff"))
    canvas.roundRect(left, top - high, width, high, RADIUS, stroke=1, fill=1)
    if box.filled is not None:
        _draw_circle(canvas, box, (left + INSET + size * 0.42, top - INSET - size * 0.68), size * 0.42)
    y = top - INSET + 1
    for paragraph in box.paragraphs(size):
        _wide, tall = paragraph.wrap(width - 2 * INSET, HEIGHT)
        paragraph.drawOn(canvas, left + INSET, y - tall)
        y -= tall + 2


def _draw_circle(canvas: Canvas, box: Box, centre: tuple[float, float], radius: float) -> None:
    """A circle filled to its share, from the top clockwise: the shape says it without the colour."""
    x, y = centre
    canvas.setStrokeColor(HexColor(box.colour))
    canvas.setFillColor(HexColor(box.colour))
    canvas.setLineWidth(1.1)
    canvas.circle(x, y, radius, stroke=1, fill=1 if box.filled == 1 else 0)
    if box.filled and box.filled < 1:
        canvas.wedge(x - radius, y - radius, x + radius, y + radius, 90, -360 * box.filled, stroke=0, fill=1)


def _draw_foot(canvas: Canvas, page: Page) -> None:
    """The numbers to call in a band of their own, and below it who agreed to the plan."""
    bottom, high = MARGIN + 18, 46.0
    canvas.setFillColor(ACCENT)
    canvas.roundRect(MARGIN, bottom, WIDTH - 2 * MARGIN, high, RADIUS, stroke=0, fill=1)
    share = (WIDTH - 2 * MARGIN) / max(len(page.lines_to_call), 1)
    canvas.setFillColor(HexColor("#ffffff"))
    for place, (what, number) in enumerate(page.lines_to_call):
        middle = MARGIN + share * (place + 0.5)
        canvas.setFont(BOLD, _shrunk(number, BOLD, 14, share))
        canvas.drawCentredString(middle, bottom + 24, drawable(number))
        canvas.setFont(PLAIN, _shrunk(what, PLAIN, 8, share))
        canvas.drawCentredString(middle, bottom + 10, drawable(what))
    canvas.setFillColor(MUTED)
    canvas.setFont(PLAIN, _shrunk(page.footer, PLAIN, 8, WIDTH - 2 * MARGIN))
    canvas.drawString(MARGIN, MARGIN + 3, drawable(page.footer))


def _shrunk(text: str, face: str, size: float, room: float) -> float:
    """The size, or a smaller one at which the text is not wider than the room."""
    wide = pdfmetrics.stringWidth(drawable(text), face, size)
    return size if wide <= room - 8 else size * (room - 8) / wide
