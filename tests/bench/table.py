# SPDX-License-Identifier: Apache-2.0
"""What was measured: as tables for people, and as rows of a TSV file for programs."""

import statistics

FIELDS = ("part", "kind", "keys", "what", "value", "low", "high", "unit")


class Results:
    """All rows."""

    def __init__(self):
        self.rows = []

    def add(self, part, kind, keys, what, values, unit):
        """One measure, of several runs: the median, the lowest and the highest value. Returns the median."""
        value = statistics.median(values)
        self.rows.append((part, kind, keys, what, value, min(values), max(values), unit))
        return value

    def get(self, part, kind, keys, what):
        """The median, low and high of a measure; None: it was not taken."""
        return next((row[4:7] for row in self.rows if row[:4] == (part, kind, keys, what)), None)

    def write(self, path):
        """The TSV file."""
        with open(path, "w", encoding="utf-8") as file:
            print(*FIELDS, sep="\t", file=file)
            for *words, value, low, high, unit in self.rows:
                print(*words, *(f"{number:.6g}" for number in (value, low, high)), unit, sep="\t", file=file)


def number(value):
    """A number in three digits."""
    return "-" if value is None else f"{value:.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


class Table:
    """A table that is printed row by row, as it is measured."""

    def __init__(self, title, *columns):
        self.widths = [max(len(column), 7) for column in columns]
        print(f"\n{title}")
        self.row(*columns)

    def row(self, *cells):
        """The first cell is text; the others are aligned to the right."""
        texts = [cell if isinstance(cell, str) else f"{cell:,}" if isinstance(cell, int) else number(cell)
                 for cell in cells]
        print("  ".join(text.ljust(width) if at == 0 else text.rjust(width)
                        for at, (text, width) in enumerate(zip(texts, self.widths))), flush=True)
