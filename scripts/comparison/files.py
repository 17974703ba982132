"""Two files of a command, one of each version: the findings, each a (kind, sentence).

Kinds: `differs` is a fault; `moved` is a row of results whose labels changed while metric, value and n stayed;
`interval` is a bound that changed or went; `bytes` is a file that says the same in other bytes.
Seconds, dates, memory and the program's version are left out everywhere.
"""
import base64
import hashlib
import json
import math
import re
import struct
import zlib
from collections import Counter
from html.parser import HTMLParser

import renamed

TIMES = re.compile(r"seconds|^date$|modelspec\.date|^time$|peak-?memory|^peak$|^version$|^lethe$|^libtorch$|^threads$", re.I)
TIME_COLUMN = re.compile(r"^s (to|per) |^seconds|^time\b|^minutes", re.I)
UNITS = re.compile(r"[-+\d.]+ ?(s|min|h|MB|GB)\b( each| left)?")
INTERVAL = re.compile(r"\[[^\[\]]*\]|± ?[\d.]+(?: ?%)?")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\bnan\b")


def compare(name, old, new, clean):
    """- `clean` takes paths of a side out of its texts: clean(side, text)."""
    suffix = name.rsplit(".", 1)[-1]
    # Progress lines of workers hold rates.
    if old == new or suffix == "log":
        return []
    kind = {"png": picture, "safetensors": tensors, "json": json_file, "jsonl": json_lines, "html": page, "csv": columns}.get(suffix)
    if kind in (picture, tensors):
        findings = kind(old, new)
        return findings or [("bytes", first_byte(old, new))]
    try:
        texts = renamed.text(clean(0, old.decode())), renamed.text(clean(1, new.decode()))
    except UnicodeDecodeError:
        return [("differs", first_byte(old, new))]
    if texts[0] == texts[1]:
        return []
    try:
        findings = (kind or tables)(*texts)
    except ValueError as error:
        findings = [("differs", f"cannot be read: {error}")]
    if not findings and times_only(suffix, *texts):
        return []
    return findings + [("bytes", first_line(*texts))]


def times_only(suffix, old, new):
    """Whether two texts without findings differ in seconds, dates and memory alone."""
    if suffix == "json":
        return timeless(json.loads(old)) == timeless(json.loads(new))
    if suffix == "jsonl":
        return [timeless(json.loads(x)) for x in old.splitlines()] == [timeless(json.loads(x)) for x in new.splitlines()]
    if re.findall(r"<svg.*?</svg>", old, re.S) != re.findall(r"<svg.*?</svg>", new, re.S):
        return False
    return NUMBER.sub("#", old) == NUMBER.sub("#", new)


def timeless(value):
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        timed = TIMES.search(str(value.get("metric", "")))
        return {key: timeless(x) for key, x in value.items()
                if not TIMES.search(key) and not (timed and key in ("value", "lower", "upper"))}
    if is_rows(value):
        value = once(value)
    return [timeless(x) for x in value] if isinstance(value, list) else value


def first_byte(old, new):
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    return f"{len(old)} and {len(new)} bytes, the first difference at {at}"


def first_line(old, new):
    lines = old.split("\n"), new.split("\n")
    for i in range(max(map(len, lines))):
        a, b = (side[i] if i < len(side) else "(no line)" for side in lines)
        if a != b:
            at = max(0, next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b))) - 40)
            return f"line {i + 1}: '{a[at:at + 110]}' -> '{b[at:at + 110]}'"
    return "the same lines"


# Pictures.

def pixels(data):
    """- Returns: (width, height, bytes in a pixel), the pixels, and the texts that the picture carries"""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG file")
    at, packed, texts, head = 8, b"", {}, None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        at += size + 12
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        elif kind in (b"tEXt", b"iTXt", b"zTXt"):
            key, rest = body.split(b"\0", 1)
            if kind == b"iTXt":
                packed_text, rest = rest[0], rest[2:].split(b"\0", 2)[2]
                rest = zlib.decompress(rest) if packed_text else rest
            elif kind == b"zTXt":
                rest = zlib.decompress(rest[1:])
            texts[key.decode("latin-1")] = rest.decode("utf-8", "replace")
    width, height, depth, colour, _, _, interlaced = head
    if depth != 8 or interlaced:
        raise ValueError(f"a PNG of {depth} bits, interlaced {interlaced}, is not read here")
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    raw, stride = zlib.decompress(packed), width * channels
    out, before = bytearray(), bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        rule, line = raw[start], bytearray(raw[start + 1:start + 1 + stride])
        for x in range(stride if rule else 0):
            a = line[x - channels] if x >= channels else 0
            b = before[x]
            c = before[x - channels] if x >= channels else 0
            if rule == 1:
                add = a
            elif rule == 2:
                add = b
            elif rule == 3:
                add = (a + b) // 2
            else:
                pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                add = a if pa <= pb and pa <= pc else b if pb <= pc else c
            line[x] = (line[x] + add) & 255
        out += line
        before = line
    return (width, height, channels), bytes(out), texts


def picture(old, new):
    (shape, a, texts), (other, b, others) = pixels(old), pixels(new)
    findings = []
    if shape != other:
        findings.append(("differs", f"the picture's size is {shape} -> {other}"))
    elif a != b:
        unlike = [abs(x - y) for x, y in zip(a, b) if x != y]
        findings.append(("differs", f"{len(unlike)} of {len(a)} pixel values differ, by up to {max(unlike)} of 255"))
    for key, text in texts.items():
        text, now = (re.sub(r"lethe \d[\w.]*", "lethe", t) for t in (renamed.text(text), others.get(key, "")))
        if text != now:
            findings.append(("differs", f"the text '{key}': {first_line(text, now)}"))
    return findings


def fingerprint(data):
    shape, body, _ = pixels(data)
    return hashlib.sha256(repr(shape).encode() + body).hexdigest()


# Tensors.

def header(data):
    start = 8 + struct.unpack("<Q", data[:8])[0]
    entries = json.loads(data[8:start])
    metadata = entries.pop("__metadata__", {})
    return entries, metadata, start


def tensors(old, new):
    (a, metadata, start), (b, others, other_start) = header(old), header(new)
    findings = [("differs", f"the tensor '{name}' is gone") for name in a if name not in b]
    findings += [("differs", f"the tensor '{name}' is new") for name in b if name not in a]
    for name in sorted(set(a) & set(b)):
        x, y = a[name], b[name]
        if (x["dtype"], x["shape"]) != (y["dtype"], y["shape"]):
            findings.append(
                ("differs", f"'{name}' is {x['dtype']} {x['shape']} -> {y['dtype']} {y['shape']}"))
            continue
        one = old[start + x["data_offsets"][0]:start + x["data_offsets"][1]]
        two = new[other_start + y["data_offsets"][0]:other_start + y["data_offsets"][1]]
        if one != two:
            findings.append(("differs", f"'{name}': {distance(x['dtype'], one, two)}"))
    for key, text in metadata.items():
        if TIMES.search(key):
            continue
        text = renamed.text(text)
        if key not in others:
            findings.append(("differs", f"the metadata '{key}' is gone"))
        elif text != others[key]:
            try:
                values = json.loads(text), json.loads(others[key])
            except ValueError:
                values = text, others[key]
            findings += subset(*values, f"metadata {key}")
    return findings


def distance(dtype, one, two):
    letter, size = {"F16": ("e", 2), "F32": ("f", 4), "F64": ("d", 8), "I64": ("q", 8)}.get(dtype, ("B", 1))
    form = f"<{len(one) // size}{letter}"
    unlike = [abs(x - y) for x, y in zip(struct.unpack(form, one), struct.unpack(form, two)) if x != y]
    return f"{len(unlike)} of {len(one) // size} numbers differ, by up to {max(unlike, default=0):.3g}"


# JSON.

def json_file(old, new):
    return subset(json.loads(old), json.loads(new), "")


def json_lines(old, new):
    a, b = ([json.loads(line) for line in text.splitlines() if line] for text in (old, new))
    if len(a) == len(b):
        return [f for i, pair in enumerate(zip(a, b)) for f in subset(*pair, f"line {i + 1}")]
    rest, findings = list(b), []
    for i, line in enumerate(a):
        match = next((x for x in rest if not subset(line, x, "")), None)
        if match is None:
            findings.append(("differs", f"line {i + 1} is gone: {json.dumps(line)[:120]}"))
        else:
            rest.remove(match)
    return findings


def is_rows(value):
    return isinstance(value, list) and value and all(
        isinstance(x, dict) and "metric" in x and "value" in x for x in value)


def subset(old, new, path):
    """Everything that the old value says, the new one says too."""
    if is_rows(old) and isinstance(new, list):
        return rows(old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        findings = []
        for key, value in old.items():
            if TIMES.search(key):
                continue
            place = f"{path}.{key}" if path else key
            if key not in new:
                # An optional value that is null may be left out.
                findings += [] if value is None else [("differs", f"'{place}' is gone")]
            else:
                findings += subset(value, new[key], place)
        return findings
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return [("differs", f"'{path}' has {len(old)} -> {len(new)} entries")]
        return [f for i, pair in enumerate(zip(old, new)) for f in subset(*pair, f"{path}[{i}]")]
    if not same(old, new):
        return [("differs", f"'{path}': {json.dumps(old)[:90]} -> {json.dumps(new)[:90]}")]
    return []


MEASURED = {"value", "lower", "upper", "n", "seeds", "metric", "interval", "unit"}


def same(a, b):
    """Numbers that differ in their last digits are the same: sums over dictionaries have no fixed order."""
    if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return a == b and isinstance(a, bool) == isinstance(b, bool)
    return a == b or math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-14)


def measured_alike(a, b):
    return a["metric"] == b["metric"] and a.get("n") == b.get("n") and (
        bool(TIMES.search(a["metric"])) or same(a["value"], b["value"]))


def labels(row):
    flat = {}
    for key, value in row.items():
        if key in MEASURED:
            continue
        flat.update(value if isinstance(value, dict) else {key: value})
    return flat


# Words of packed labels that say nothing by themselves.
FILLERS = {"under", "steps", "step", "before", "and"}


def words(row, keys):
    """The words of a row's labels; a typed axis may say a word by its name."""
    texts = [str(x) for key, value in labels(row).items() for x in ([key, value] if keys else [value])]
    return {word for text in texts for word in re.findall(r"[\w.-]+", text.lower())} - FILLERS


def bounds(row):
    return row.get("lower"), row.get("upper")


def once(rows):
    """Version 0.1 repeats a row whose last digit differs from that of its twin."""
    kept = []
    for row in rows:
        if not any(labels(row) == labels(x) and measured_alike(row, x) for x in kept):
            kept.append(row)
    return kept


def rows(old, new):
    """Each old row needs a new row of its own: the same metric, value and n, and labels that hold the old words."""
    old, rest = once(old), once([x for x in new if isinstance(x, dict) and "metric" in x and "value" in x])
    findings, moved, unmatched, intervals = [], Counter(), [], Counter()

    def take(row, match):
        rest.remove(match)
        if not all(map(same, bounds(row), bounds(match))) and not TIMES.search(row["metric"]):
            intervals[f"{row['metric']} {bounds(row)} -> {bounds(match)}"] += 1

    for row in old:
        own = labels(row).items()
        match = next((x for x in rest if measured_alike(x, row) and own <= labels(x).items()), None)
        if match is None:
            unmatched.append(row)
        else:
            take(row, match)
    for row in unmatched:
        match = next(
            (x for x in rest if measured_alike(x, row) and words(row, False) <= words(x, True)), None)
        if match is None:
            near = next((x for x in rest if x["metric"] == row["metric"] and labels(row).items() <= labels(x).items()),
                        None)
            now = f"; now {near['value']}, n {near.get('n')}" if near else ""
            findings.append(
                ("differs", f"no row {labels(row)} {row['metric']} = {row['value']}, n {row.get('n')}{now}"))
        else:
            take(row, match)
            moved[f"{labels(row)} -> {labels(match)}"] += 1
    findings += [("moved", f"{text} ({count} rows)") for text, count in moved.items()]
    if intervals:
        text, _ = intervals.most_common(1)[0]
        findings.append(("interval", f"{sum(intervals.values())} rows, e.g. {text}"))
    if rest:
        findings.append(("bytes", f"{len(rest)} rows are new, e.g. {labels(rest[0])} {rest[0]['metric']}"))
    return findings


# Tables and other texts.

def table_rows(lines):
    """The rows of Markdown tables, each a list of cells without columns of times."""
    header = []
    for i, line in enumerate(lines):
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            continue
        if i + 1 < len(lines) and re.match(r"\|[\s:|-]+\|?$", lines[i + 1]):
            header = cells
        yield [cell for k, cell in enumerate(cells) if k >= len(header) or not TIME_COLUMN.search(header[k])]


def numbers(cells):
    text = " | ".join(cells)
    intervals = tuple(INTERVAL.findall(text))
    return tuple(NUMBER.findall(UNITS.sub("", INTERVAL.sub("", text)))), intervals


def cells_findings(old, new):
    """The numbers of every old row stand in a row of its own; bounds are compared apart."""
    a, b = ([(numbers(row), row) for row in side] for side in (old, new))
    left = Counter(key[0] for key, _ in b)
    findings = []
    for (values, _), row in a:
        if left[values] > 0:
            left[values] -= 1
        else:
            findings.append(("differs", f"no row with the numbers of: {' | '.join(row)[:150]}"))
    gone = Counter(i for (_, found), _ in a for i in found) - Counter(i for (_, found), _ in b for i in found)
    if gone:
        findings.append(("interval", f"{sum(gone.values())} bounds in tables, e.g. {next(iter(gone))}"))
    return findings


def columns(old, new):
    """CSV without its columns of seconds."""
    sides = []
    for text in (old, new):
        rows = [line.split(",") for line in text.split("\n")]
        kept = [i for i, head in enumerate(rows[0]) if not TIME_COLUMN.search(head)]
        sides.append("\n".join(",".join(row[i] for i in kept if i < len(row)) for row in rows))
    return tables(*sides)


def tables(old, new):
    """Markdown, or a command's output: rows of tables, and the numbers of the other lines in their order."""
    a, b = old.split("\n"), new.split("\n")
    findings = cells_findings(list(table_rows(a)), list(table_rows(b)))
    one, two = ([n for line in side if not line.startswith("|") for n in numbers([line])[0]] for side in (a, b))
    if one != two:
        at = next((i for i, (x, y) in enumerate(zip(one, two)) if x != y), min(len(one), len(two)))
        findings.append(
            ("differs", f"the numbers outside tables: {' '.join(one[at:at + 6])} -> {' '.join(two[at:at + 6])}"))
    return findings


class Page(HTMLParser):
    """Rows of tables, pictures and curves of a report."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.pictures, self.curves = [], [], []
        self.header, self.cell, self.heads = [], None, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "table":
            self.header = []
        elif tag == "tr":
            self.rows.append([])
            self.heads = True
        elif tag in ("td", "th"):
            self.cell = ""
            self.heads = self.heads and tag == "th"
        elif tag == "img" and attributes.get("src", "").startswith("data:image/png;base64,"):
            self.pictures.append(fingerprint(base64.b64decode(attributes["src"].split(",", 1)[1])))
        elif tag == "polyline":
            self.curves.append(attributes.get("points", ""))

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(" ".join(self.cell.split()))
            self.cell = None
        elif tag == "tr" and self.rows:
            if self.heads:
                self.header = self.rows[-1]
            row = self.rows[-1]
            self.rows[-1] = [
                cell for k, cell in enumerate(row) if k >= len(self.header) or not TIME_COLUMN.search(self.header[k])]

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def page(old, new):
    a, b = Page(old), Page(new)
    findings = cells_findings(a.rows, b.rows)
    for what, one, two in [("pictures", a.pictures, b.pictures), ("curves", a.curves, b.curves)]:
        gone = Counter(one) - Counter(two)
        if gone:
            findings.append(("differs", f"{sum(gone.values())} of {len(one)} {what} are not on the new page"))
    return findings


# Output of commands.

def help_text(old, new):
    """A help text still names every option and every command."""
    one, two = (set(re.findall(r"--[a-z][a-z-]*", t)) | set(re.findall(r"^  ([a-z][a-z-]+)(?= )", t, re.M))
                for t in (old, new))
    return [("differs", f"the help no longer names {name}") for name in sorted(one - two)]


def catalog(old, new):
    """Every name is still listed, with every option and its default."""
    def entries(text):
        found, blocks = {}, re.split(r"^(?=[^\s{}])", text, flags=re.M)
        for block in blocks:
            lines = block.split("\n", 1)
            if lines[0]:
                body = lines[1].strip() if len(lines) > 1 else ""
                found[lines[0].split()[0]] = json.loads(body) if body else {}
        return found

    return subset(entries(old), entries(new), "")
