"""The rules of Scripts/lint that concern Swift files. Argument: the output of `swift package dump-package`."""

import json
import re
import sys
from pathlib import Path

# The rows of the house: a module imports from lower rows only.
ROWS = [
    ["CLinux", "COpenSSL", "CZlib", "CPCRE2", "CNGHTTP2"],
    ["Platform", "Bytes"],
    ["TLS", "Compression", "Patterns", "HTTP2Framing", "Observability"],
    ["HTTP", "EventLoops"],
    ["Caching", "Upstreams", "Configuration"],
    ["Server", "LoadGeneration"],
    ["Features"],
    ["zendan", "zendan-load", "demo-blog"],
]
ROW = {name: number for number, names in enumerate(ROWS) for name in names}

# Modules of the system and the toolchain that any source may import.
SYSTEM = {"Glibc", "Synchronization", "Swift", "_Concurrency"}
TEST_SYSTEM = SYSTEM | {"Testing", "Foundation", "FoundationEssentials"}
TOOLS = {"zendan-load", "demo-blog"}
UNSAFE = {"Platform", "Bytes", "TLS", "Compression", "Patterns", "HTTP2Framing", "EventLoops"}
LONGEST = 600

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public |package |internal |fileprivate |private )?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)"
)
FORBIDDEN = [
    (re.compile(r"\btry!"), "try!"),
    (re.compile(r"\bas!"), "as!"),
    (re.compile(r"\bfatalError\b"), "fatalError"),
]
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
UNSAFE_WORD = re.compile(r"\bunsafe\b|nonisolated\(unsafe\)|\bUnsafe\w*Pointer\b")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

problems = []


def report(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def dependencies(target):
    names = set()
    for dependency in target["dependencies"]:
        for kind in ("byName", "target", "product"):
            if kind in dependency:
                names.add(dependency[kind][0])
    return names


def code_of(line):
    """The line without its string literals and its comment."""
    bare = STRING.sub('""', line)
    return bare.split("//")[0]


def check(path, target, declared):
    name, is_test = target["name"], str(path).startswith("Tests")
    lines = path.read_text().splitlines()
    if len(lines) > LONGEST:
        report(path, len(lines), f"{len(lines)} lines; at most {LONGEST}")
    allowed = declared | (TEST_SYSTEM if is_test else SYSTEM)
    if name in TOOLS:
        allowed = allowed | {"FoundationEssentials"}
    for number, line in enumerate(lines, 1):
        found = IMPORT.match(line)
        if found and found.group(1) not in allowed:
            module = found.group(1)
            why = "Foundation is for tests and tools" if module.startswith("Foundation") else f"not declared by {name}"
            report(path, number, f"import {module}: {why}")
        code = code_of(line)
        for pattern, word in FORBIDDEN:
            if pattern.search(code):
                report(path, number, f"{word} is not used here")
        if UNFINISHED.search(line):
            report(path, number, "an unfinished place: file an issue instead")
        if not is_test and name not in UNSAFE and UNSAFE_WORD.search(code):
            report(path, number, f"unsafe code in {name}: it belongs into {', '.join(sorted(UNSAFE))}")


def main():
    package = json.loads(Path(sys.argv[1]).read_text())
    seen = set()
    for target in package["targets"]:
        name, declared = target["name"], dependencies(target)
        if target["type"] == "test" or name == "TestSupport":
            folder = Path(target.get("path") or f"Tests/{name}")
        else:
            folder = Path(target.get("path") or f"Sources/{name}")
            if name not in ROW:
                report("Package.swift", 1, f"{name} has no row in Scripts/lint.py")
            for other in declared:
                if ROW.get(other, -1) >= ROW.get(name, 99):
                    report("Package.swift", 1, f"{name} may not depend on {other}: rows below only")
        for path in sorted(folder.rglob("*.swift")):
            seen.add(path)
            check(path, target, declared)
    for path in sorted([*Path("Sources").rglob("*.swift"), *Path("Tests").rglob("*.swift")]):
        if path not in seen and not str(path).startswith(("Tests/Fuzz/", "Tests/Corpus/")):
            report(path, 1, "belongs to no target")
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
