# SPDX-License-Identifier: Apache-2.0
"""The results as an SVG picture: what a key costs, and what it costs when each call waits."""

from xml.sax.saxutils import escape

import table

WIDTH, LEFT, LINE, GAP = 880, 210, 22, 12
BAR = WIDTH - LEFT - 340  # of the longest: words follow it
COLORS = {"ceremony": "#a9c25d", "bare": "#7cc5c0", "staged": "#5f8f8c", "pairs": "#7cc5c0", "tool": "#e8b84b",
          "latency": "#d7a0c8", "phase": "#a9c25d"}
NAMES = {"ceremony": "ceremony", "bare": "bare loop", "staged": "staged loop", "pairs": "bare loop, pairs",
         "tool": "pkcs11-tool"}


class Picture:
    """Bars, one below the other."""

    def __init__(self):
        self.parts, self.y = [], 12

    def text(self, x, words, more=""):
        """Words in the current line."""
        self.parts.append(f'<text x="{x}" y="{self.y + 15}"{more}>{escape(words)}</text>')

    def title(self, words):
        """The first line of a panel."""
        self.y += GAP
        self.text(12, words, ' font-weight="bold"')
        self.y += LINE + 4

    def bar(self, name, value, most, words, color):
        """One bar. One that would be too long is cut, which its end shows."""
        width = min(value / most, 1) * BAR
        self.text(12, name)
        self.parts.append(f'<rect x="{LEFT}" y="{self.y + 3}" width="{max(width, 1):.1f}" height="{LINE - 6}" '
                          f'fill="{color}"/>')
        if value > most:
            self.parts.append(f'<path d="M{LEFT + width - 14:.1f} {self.y + LINE} l8 -{LINE} h4 l-8 {LINE} z" '
                              'fill="#1d2021"/>')
        self.text(round(LEFT + width + 8), words)
        self.y += LINE

    def svg(self):
        """The whole."""
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.y + 14}" '
            f'viewBox="0 0 {WIDTH} {self.y + 14}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
            'font-size="13" fill="#e6e1d6">',
            '<rect width="100%" height="100%" rx="8" fill="#1d2021"/>', *self.parts, "</svg>", ""])


def costs(picture, results, kinds, keys):
    """What a key costs, next to bare loops."""
    picture.title(f"Milliseconds a key, {keys:,} keys, transport key and canary apart")
    rows = {kind: {name: found[0] for name in NAMES
                   if (found := results.get("ceremony", kind, keys, name))} for kind in kinds}
    most = 1.1 * max((value for row in rows.values() for name, value in row.items() if name != "tool"), default=1)
    for kind, row in rows.items():
        for name, value in row.items():
            words = table.number(value)
            if name == "tool":
                ratio = results.get("ceremony", kind, keys, "tool / ceremony")[0]
                words += f"; {table.number(ratio)} times as long as the ceremony"
            elif name != "ceremony":
                ratio = results.get("ceremony", kind, keys, f"ceremony / {name}")[0]
                words += f"; the ceremony takes {table.number(ratio)} times as long"
            picture.bar(f"{kind}, {NAMES[name]}", value, most, words, COLORS[name])
        picture.y += 6
    for name in ("ceremony", "bare") if results.get("nss", "aes", keys, "bare") else ():
        value, words = results.get("nss", "aes", keys, name)[0], ""
        if name == "bare":
            ratio = results.get("nss", "aes", keys, "ceremony / bare")[0]
            words = f"; the ceremony takes {table.number(ratio)} times as long"
        picture.bar(f"aes to NSS, {NAMES[name]}", value, most, table.number(value) + words, COLORS[name])


def phases(picture, results, kind, keys):
    """Where the time of one ceremony is spent."""
    rows = [row for row in results.rows if row[:3] == ("phase", kind, keys)]
    if not rows:
        return
    picture.title(f"Seconds a phase, {keys:,} keys, {kind}")
    most = 1.1 * max(row[4] for row in rows)
    for row in rows:
        picture.bar(row[3], row[4], most, table.number(row[4]), COLORS["phase"])


def waits(picture, results):
    """Keys when each call waits."""
    rows = [row for row in results.rows if row[0] == "latency" and row[7] == "ms/key"]
    if not rows:
        return
    picture.title(f"Milliseconds a key when each PKCS#11 call waits, {rows[0][2]:,} AES keys")
    most = 1.1 * max(row[4] for row in rows)
    for row in rows:
        picture.bar(row[3], row[4], most, table.number(row[4]), COLORS["latency"])


def draw(results, kinds, keys, where, path):
    """Writes the picture. where: the machine, in a line."""
    picture = Picture()
    picture.text(12, where, ' opacity="0.7"')
    picture.y += LINE
    if any(row[0] == "ceremony" for row in results.rows):
        costs(picture, results, kinds, keys)
        phases(picture, results, kinds[0], keys)
    waits(picture, results)
    with open(path, "w", encoding="utf-8") as file:
        file.write(picture.svg())
