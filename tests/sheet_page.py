#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at a page of hsmferry sheet --html as a browser's parser does.

usage: sheet_page.py PAGE [TEXT...]

Fails unless the page has only elements and attributes that can neither run nor load anything, a policy
that says so, no character that must not be shown, and each TEXT as the whole text of an element or as
a part of one.
"""
import html.parser
import sys
import unicodedata

ELEMENTS = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "h1", "h2",
            "p", "span", "dl", "dt", "dd", "div", "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class"}
POLICY = "default-src 'none'"


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong, self.texts, self.open, self.policy, self.styles = [], [], [], None, 0

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS:
            self.wrong.append(f"an element {tag!r}")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.wrong.append(f"an attribute {name!r} of {tag!r}")
            if name == "class" and not all(c.isalpha() or c == " " for c in value):
                self.wrong.append(f"a class {value!r}")
        found = dict(attrs)
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy":
            self.policy = self.policy or found["content"]
        elif tag in ("style", "title") and not self.policy:
            self.wrong.append(f"{tag} before the policy")
        if tag != "meta":
            self.open.append(tag)
            self.texts.append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag!r} is closed and was not open")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            if any(word in data for word in ("url(", "@import", "expression", "<", "\\")):
                self.wrong.append("a style that loads something")
        elif self.texts:
            self.texts[-1] += data

    def handle_comment(self, data):
        self.wrong.append(f"a comment {data[:40]!r}")

    def handle_pi(self, data):
        self.wrong.append(f"an instruction {data[:40]!r}")


def main(path, wanted):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.close()
    wrong = page.wrong
    if page.open:
        wrong.append(f"never closed: {page.open}")
    if not (page.policy or "").startswith(POLICY):
        wrong.append(f"the policy is {page.policy!r}")
    for char in sorted(set(text) - {"\n"}):
        if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"):
            wrong.append(f"a character U+{ord(char):04X}")
    shown = "\n".join(page.texts)
    wrong += [f"not shown: {text!r}" for text in wanted if text not in shown]
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main(sys.argv[1], sys.argv[2:]))
