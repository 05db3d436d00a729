#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the tree: who knows whom in circles, and how large its parts have become.

usage: house.py TREE BUILD KEPT [--renew] <INCLUDES

INCLUDES are lines FILE:#include "HEADER" (includes in lib.sh). BUILD has the objects, whose symbols say
the same once more. KEPT has a line "NUMBER NAME" for each measure: a number that is higher now is worse,
and the program fails; --renew writes the measured ones there.

A circle is a largest set of modules (a .c and the .h next to it) each of which reaches all others; a room
is a folder.

What exists once for each step, view and algorithm is measured by the one that the fewest files name: at
least so many files must be touched to add another.
"""
import pathlib
import re
import subprocess
import sys

ROOMS = ("src", "ui")
# No number may be higher than its target, nor than the kept one; a measure without a target is shown for
# the reader.
TARGETS = {
    "file circles by #include": 0,
    "files in them": 0,
    "file circles by symbols": 0,
    "objects in them": 0,
    "room circles by #include": 0,
    "room circles by symbols": 0,
    "members of struct ceremony": 14,
    "members of struct app": 15,
    "bools in both": 6,
    "functions that state.h declares": 0,
    "loose files in src/": 0,
    "files of src that name a step": 3,
    "files of src that name an algorithm": 4,
    "files of ui that name a view": 2,
    "lines of Makefile.am": 200,
    "lines of the longest function": 57,
    "lines of the longest file": 640,
    "lines of the product": None,
}
# Below its target, such a number may grow.
SIZES = ("lines of Makefile.am", "lines of the longest function", "lines of the longest file")


def circles(edges):
    """The strongly connected parts of more than one node."""
    reached = {node: closure(edges, node) for node in edges}
    found = {frozenset(other for other in reached[node] if node in reached.get(other, ()))
             for node in edges if node in reached[node]}
    return sorted((sorted(part) for part in found if len(part) > 1), key=len, reverse=True)


def closure(edges, start):
    seen, todo = set(), [start]
    while todo:
        for other in edges.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def without_itself(pairs):
    edges = {}
    for one, other in pairs:
        edges.setdefault(one, set())
        if one != other:
            edges[one].add(other)
    return edges


def module(path):
    return str(path.with_suffix(""))


def room(path):
    return str(path.parent)


def includes(tree, lines):
    """Which file includes which other one of the tree."""
    for line in lines:
        found = re.match(r'(.*?):#include "(.*)"', line)
        if found:
            for place in (f"src/{found[2]}", found[2]):
                if (tree / place).is_file():
                    yield pathlib.Path(found[1]), pathlib.Path(place)
                    break


def objects(tree, build):
    """Each source with its objects: automake puts the name of a library or program before theirs."""
    found = {}
    for top in ROOMS:
        for file in (build / top).rglob("*.o"):
            for name in (file.stem, file.stem.partition("-")[2]):
                source = file.parent.relative_to(build) / f"{name}.c"
                if name and (tree / source).is_file():
                    found.setdefault(source, []).append(file)
                    break
    return found


def symbols(tree, build):
    """Which source uses a symbol that which other one defines."""
    source_of = {str(file): source for source, files in objects(tree, build).items() for file in files}
    listed = subprocess.run(["nm", "-A", "-P", "-g", *source_of], check=True, capture_output=True, text=True)
    uses, defines = {}, {}
    for line in listed.stdout.splitlines():
        file, name, kind, *_ = line.split()
        source = source_of[file.rstrip(":")]
        if kind == "U":
            uses.setdefault(source, set()).add(name)
        else:
            defines.setdefault(name, set()).add(source)
    return [(source, other) for source, names in uses.items() for name in names
            for other in defines.get(name, ())]


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def members(tree, sources, top, name):
    """The declarations of a struct's members, each with its type; one that is a struct is one."""
    bodies = [body for file in sources if file.parts[0] == top
              for body in re.findall(rf"^struct {name} {{\n(.*?)^}};$", without_comments((tree / file).read_text()),
                                     re.S | re.M)]
    if len(bodies) != 1:
        sys.exit(f"struct {name} is defined {len(bodies)} times in {top}")
    body = bodies[0]
    while re.search(r"{[^{}]*}", body):
        body = re.sub(r"{[^{}]*}", "", body)
    each = [part.split() for part in body.split(";") if part.strip()]
    # "bool a, b" are two; a function's parameters are none
    return [f"{words[0]} {one}" for words in each
            for one in re.sub(r"\(.*\)", "", " ".join(words[1:])).split(",")]


def functions(tree, sources):
    """The lines of each function, from that of its name to its last brace, as clang-format has them."""
    for file in sources:
        begun = head = None
        for number, line in enumerate((tree / file).read_text().splitlines(), 1):
            if line == "{":
                begun = head
            elif line.startswith("}"):
                if begun and line == "}":
                    yield number - begun + 1, f"{file}:{begun}"
                begun = None
            if begun is None and re.match(r"[A-Za-z_].*\(", line):
                head = number


def names_of(tree, file, part, name):
    """The names that match in a part of a file; none if there is no such file."""
    text = without_comments((tree / file).read_text()) if (tree / file).is_file() else ""
    found = re.search(part, text, re.S)
    return re.findall(name, found[0]) if found else []


def named_by(tree, sources, top, names):
    """The files of top that name the least named of these names."""
    words = {file: set(re.findall(r"\w+", without_comments((tree / file).read_text())))
             for file in sources if file.parts[0] == top}
    return min(([str(file) for file in words if name in words[file]] for name in names), key=len, default=[])


def measure(tree, build, lines):
    """Each measure with what there is to say of it."""
    sources = sorted(file.relative_to(tree) for top in ROOMS for file in (tree / top).rglob("*.[ch]"))
    length = {file: len((tree / file).read_text().splitlines()) for file in sources}
    included, used = list(includes(tree, lines)), symbols(tree, build)
    missing = {file for file in sources if file.suffix == ".c"} - set(objects(tree, build))
    if missing:
        sys.exit(f"{build} has no object of {min(missing)}")
    for kind, pairs, nodes in (("#include", included, "files"), ("symbols", used, "objects")):
        found = circles(without_itself((module(a), module(b)) for a, b in pairs))
        yield f"file circles by {kind}", len(found), "; ".join(" ".join(part) for part in found)
        yield f"{nodes} in them", sum(map(len, found)), ""
        found = circles(without_itself((room(a), room(b)) for a, b in pairs))
        yield f"room circles by {kind}", len(found), "; ".join(" ".join(part) for part in found)
    ceremony, app = members(tree, sources, "src", "ceremony"), members(tree, sources, "ui", "app")
    yield "members of struct ceremony", len(ceremony), ""
    yield "members of struct app", len(app), ""
    yield "bools in both", sum(type.startswith("bool ") for type in ceremony + app), ""
    state = "".join(without_comments((tree / file).read_text()) for file in sources if file.name == "state.h")
    yield "functions that state.h declares", len(re.findall(r"^(?!static)\w[^;{}=]*\([^;{}]*\)[^;{}]*;", state, re.M)), ""
    yield "loose files in src/", len([file for file in sources if file.parent.name == "src"]), ""
    for what, top, names in (
            ("a step", "src", names_of(tree, "src/protocol/step.h", r"enum step_id {.*?}", r"STEP_\w+")),
            ("an algorithm", "src", names_of(tree, "src/hsm/wrap_alg.h", r"enum hsm_alg {.*?}", r"HSM_\w+_\w+")),
            ("a view", "ui", names_of(tree, "ui/model/dispatch.c", r"dispatch_views\[\] = {.*?}", r"\b\w+_view\b"))):
        users = named_by(tree, sources, top, names)
        yield f"files of {top} that name {what}", len(users), " ".join(users)
    yield "lines of Makefile.am", len((tree / "Makefile.am").read_text().splitlines()), ""
    longest = max(functions(tree, sources), default=(0, ""))
    yield "lines of the longest function", *longest
    largest = max(sources, key=length.get)
    yield "lines of the longest file", length[largest], str(largest)
    yield "lines of the product", sum(length.values()), f"{len(sources)} files"


def main():
    tree, build, file = map(pathlib.Path, sys.argv[1:4])
    measured = list(measure(tree, build, sys.stdin.read().splitlines()))
    assert {name for name, *_ in measured} == set(TARGETS)
    if "--renew" in sys.argv:
        file.write_text("".join(f"{number} {name}\n" for name, number, _ in measured))
    kept = {name: int(number) for number, name in
            (line.rstrip("\n").split(" ", 1) for line in file.read_text().splitlines())}
    if kept.keys() != TARGETS.keys():
        sys.exit(f"{file} has other measures: renew it")
    worse = [name for name, number, _ in measured if TARGETS[name] is not None
             and number > (TARGETS[name] if name in SIZES else min(TARGETS[name], kept[name]))]
    print(f"{'':36} target   kept measured")
    for name, number, words in measured:
        target = "" if TARGETS[name] is None else TARGETS[name]
        verdict = "WORSE  " if name in worse else "better  " if number < kept[name] else ""
        print(f"{name:36} {target:>6} {kept[name]:6} {number:8}  {verdict}{words}".rstrip())
    sys.exit(bool(worse))


if __name__ == "__main__":
    main()
