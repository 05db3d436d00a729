#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes journals and reports comparable: replaces what no two runs have in common.

usage: normal.py FROM TO [NAME=TEXT]...

Every *.journal and *.yaml of the folder FROM, in the order of their names, goes to TO. TEXT, such as a
path, becomes its NAME in braces. Otherwise a value is replaced only in a field that is named below, and only where it
looks as it should there; so a time in another form or a digest that is not one differ from the record.
Values are replaced in place: a line too many, one that is missing or two that have changed places
differ, too. The seals of lines and files are over the replaced values: `hsmferry verify` checks those.
"""
import pathlib
import re
import sys

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
CLOCK = r"\d\d:\d\d:\d\d\.\d{3}Z"  # of the day of the line before
DIGEST = r"[0-9a-f]{64}"
SHORT = r"(?:[0-9a-f]{2}){24,32}"  # a digest in a journal, which leaves out zeros at its end
NUMBER = r"\d+"
ANY = r"[^\t\n\"]+"
ENDS = r"[0-9a-f]{4} [0-9a-f]{4}"  # of both serials
FOUR_WORDS = r"(?:[A-Za-z]+ ){3}[A-Za-z]+"  # of a fingerprint: hsmferry draws which

# Fields of any record in a journal, name=value between tabs; and the two columns after the number.
# What took less than a microsecond has no micros, what is not confined no confinement.
COLUMNS = re.compile(rf"^(\d+)\t(?:{TIME}|{CLOCK})(?:\t[+-]\d+)?\t")
JOURNAL = [
    ("sum", DIGEST, "SUM"),
    ("micros", r"\d*", None),
    ("version", ANY, "VERSION"),
    ("agent-version", ANY, "VERSION"),
    ("libraries", ANY, "LIBRARIES"),
    ("host", ANY, "HOST"),
    ("agent-host", ANY, "HOST"),
    ("agent-user", ANY, "USER"),
    ("confinement", r"[^\t\n]*", None),
    ("program-sha256", SHORT, "SHA-256"),
    ("agent-sha256", SHORT, "SHA-256"),
    ("file-sha256", SHORT, "SHA-256"),
    ("what=parameters\tsha256", SHORT, "SHA-256"),  # they name the serial number
    ("answer", ENDS, "SERIALS"),
    ("answer", FOUR_WORDS, "WORDS"),
]
# The same for a report, name: value in a line or in braces.
REPORT = [
    ("at", f'"{TIME}"', "TIME"),
    ("begun", f'"{TIME}"', "TIME"),
    ("ended", f'"{TIME}"', "TIME"),
    ("ms", NUMBER, "MS"),
    ("offset-ms", NUMBER, "MS"),
    ("duration-ms", NUMBER, "MS"),
    ("gates-ms", NUMBER, "MS"),
    ("version", f'"{ANY}"', "VERSION"),
    ("agent-version", f'"{ANY}"', "VERSION"),
    ("libraries", f'"{ANY}"', "LIBRARIES"),
    ("host", f'"{ANY}"', "HOST"),
    ("user", f'"{ANY}"', "USER"),
    ("confinement", r'"[^"\n]*"', "CONFINEMENT"),
    ("program-sha256", f'"{DIGEST}"', "SHA-256"),
    ("agent-sha256", f'"{DIGEST}"', "SHA-256"),
    ("file-sha256", f'"{DIGEST}"', "SHA-256"),
    ("parameters-sha256", f'"{DIGEST}"', "SHA-256"),
    ("head", f'"{DIGEST}"', "SUM"),
    ("answer", f'"{ENDS}"', "SERIALS"),
    ("answer", f'"{FOUR_WORDS}"', "WORDS"),
]
# The journal by its name and digest, and the times of a key's proofs.
NAMED = re.compile(rf'(\njournal:\n  file: ")[^"]*("\n  sha256: )"{DIGEST}"')
PROVEN = re.compile(rf'(?<=proven-at: \[)"{TIME}"(?:, "{TIME}")*')
SEAL = re.compile(rf'^(seal: {{lines: \d+, sha256: )"{DIGEST}"}}$')
# Which words of a fingerprint officers are asked for is drawn by hsmferry.
WORDS = re.compile(r"words \d+, \d+, \d+ and \d+ of the fingerprint")


def journal_line(line):
    line = COLUMNS.sub(r"\1\tTIME\t", line)
    for name, form, word in JOURNAL:
        line = re.sub(rf"\t{name}={form}(?=\t|$)", f"\t{name}={word}" if word else "", line)
    return line


def report_line(line):
    for name, form, word in REPORT:
        line = re.sub(rf"(^ *(?:- )?|[{{ ]){name}: {form}(?=[,}}]|$)", rf"\g<1>{name}: {word}", line)
    return SEAL.sub(r"\1SUM}", line)


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    texts = [word.split("=", 1) for word in sys.argv[3:]]
    files = {file: file.read_text(encoding="utf-8")
             for suffix in ("journal", "yaml") for file in sorted(source.glob(f"*.{suffix}"))}
    begun = set(re.findall(r"\tbegin\t[^\n]*\tid=([0-9a-f]{16})\t", "".join(files.values())))
    for file, text in files.items():
        for name, known in texts:
            text = text.replace(known, "{" + name + "}")
        ids = sorted(begun & set(re.findall(r"[0-9a-f]{16}", text)), key=text.index)
        for number, found in enumerate(ids, 1):  # in the order in which they come up
            text = text.replace(found, f"ID-{number}")
        text = NAMED.sub(r'\1NAME\2SHA-256', text)
        text = PROVEN.sub(lambda times: re.sub(f'"{TIME}"', "TIME", times[0]), text)
        text = WORDS.sub("words N, N, N and N of the fingerprint", text)
        each = journal_line if file.suffix == ".journal" else report_line
        lines = [each(line) for line in text.split("\n")]
        (target / file.name).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
