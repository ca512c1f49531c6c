#!/usr/bin/env python3
"""
Money never touches a float: ``scripts/exactness.py`` finds where it could, and ``make check`` runs it.

Read are all modules of ``royalties`` and every other one of the service that imports from it, as syntax trees. Refused
is what makes a binary fraction or may: the literal, the type, true division of what is not seen to be a fraction or a
path, columns and fields of that type, numpy's and Arrow's float types and the functions that answer with them, arrays
without a type, JSON read without ``parse_float``, ``round`` to digits, formats such as ``.2f``, and most of ``math``.

Where something of it is right, since it is no money or is exact, the line says why: ``# exact: seconds, not money``; on
the line of a ``def`` that holds for its body.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MONEY = "royalties"
PACKAGES = ("royalties", "ledger")

_REASON = re.compile(r"#.*\bexact: \S.{7,}")
_WHOLE_MATH = frozenset({"gcd", "lcm", "isqrt", "prod", "comb", "perm", "factorial", "floor", "ceil", "trunc"})
_EXACT_TYPES = frozenset({"Fraction", "Path", "PurePath", "PosixPath"})
_FLOATS = re.compile(r"(float(16|32|64|96|128|ing)?|double|longdouble|half|single|c?longfloat|complex(64|128)?)_?")
_FIELDS = re.compile(r"\w*Float(Field|RangeField)?")
_ARRAYS = frozenset({"zeros", "ones", "empty", "full"})
_METHODS = frozenset({"mean", "average", "median", "std", "var", "percentile", "quantile", "total_seconds"})
_FUNCTIONS = frozenset(
    {
        "linspace", "logspace", "true_divide", "divide", "sqrt", "power", "float_power", "exp", "log", "log2", "log10",
        "reciprocal", "hypot", "interp", "corrcoef", "nanmean",
    }
)  # fmt: skip
_NUMERIC_MODULES = frozenset({"np", "numpy", "pa", "pyarrow", "pc", "math"})
_FORMAT = re.compile(r"(?<!%)[eEfFgGn%]\Z")
_PERCENT = re.compile(r"%[-+ 0#]*\d*(\.\d+)?[eEfFgG]")
_BRACES = re.compile(r"\{[^{}]*:[^{}]*[eEfFgG%]\}")


@dataclass(frozen=True)
class Fault:
    """A place where a binary fraction is made, or may be."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        """Return it as compilers do."""
        return f"{self.path}:{self.line}: {self.what}"


def faults(source: str, path: Path = Path("<source>")) -> list[Fault]:
    """Return what could make a float in a module; lines that say why it is right are left out."""
    lines = source.splitlines()
    tree = ast.parse(source)
    seen = _Seen(tree)
    reasoned = {number for number, line in enumerate(lines, 1) if _REASON.search(line)}
    bodies = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and reasoned & set(range(node.lineno, node.body[0].lineno))
    ]
    found = {(node.lineno, node.end_lineno or node.lineno, what) for node, what in _found(tree, seen)}
    return [
        Fault(path, begin, what)
        for begin, end, what in sorted(found)
        if not reasoned & set(range(begin, end + 1)) and not any(begin in body for body in bodies)
    ]


class _Seen:
    """Which names and attributes of a module are fractions or paths, wherever it says or gives them something."""

    def __init__(self, tree: ast.Module) -> None:
        """Take every name for exact, and give up those that anything speaks against, until nothing does."""
        self._exact: frozenset[str] = frozenset()
        self._exact = frozenset(name for name, _ in self._sayings(tree))
        while True:
            said: dict[str, set[bool]] = {}
            for name, is_exact in self._sayings(tree):
                said.setdefault(name, set()).add(is_exact)
            exact = frozenset(name for name, sayings in said.items() if sayings == {True})
            if exact == self._exact:
                return
            self._exact = exact

    def _sayings(self, tree: ast.Module) -> Iterator[tuple[str, bool]]:
        fields = {id(one) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for one in node.body}
        for node in ast.walk(tree):
            match node:
                case ast.arg(arg=name, annotation=ast.expr() as said):
                    yield name, _says_exact(said)
                case ast.AnnAssign(target=ast.Name(id=name), annotation=said):
                    yield (f".{name}" if id(node) in fields else name), _says_exact(said)
                case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=said):
                    yield f".{name}", _says_exact(said)
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        yield from self._given(target, value)
                case ast.FunctionDef(name=name, returns=ast.expr() as said):
                    yield f"{name}()", _says_exact(said)
                case ast.For(target=ast.Name(id=name)) | ast.comprehension(target=ast.Name(id=name)):
                    yield name, False
                case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
                    yield name, self.is_exact(value)

    def _given(self, target: ast.expr, value: ast.expr) -> Iterator[tuple[str, bool]]:
        match target, value:
            case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
                for one, other in zip(targets, values, strict=True):
                    yield from self._given(one, other)
            case ast.Tuple(elts=targets), _:
                for one in targets:
                    if isinstance(one, ast.Name):
                        yield one.id, False
            case ast.Name(id=name), _:
                yield name, self.is_exact(value)
            case ast.Attribute(attr=name), _:
                yield f".{name}", self.is_exact(value)

    def is_exact(self, node: ast.expr) -> bool:
        """Whether an expression is seen to be a fraction or a path."""
        match node:
            case ast.Name(id=name):
                return name in self._exact
            case ast.Attribute(value=inner, attr="parent"):
                return self.is_exact(inner)
            case ast.Attribute(attr=name):
                return f".{name}" in self._exact
            case ast.Call(func=ast.Name(id=name)):
                return name in _EXACT_TYPES or f"{name}()" in self._exact
            case ast.BinOp(left=left, right=right):
                return self.is_exact(left) or self.is_exact(right)
            case ast.BoolOp(values=values):
                return all(self.is_exact(one) for one in values)
            case ast.IfExp(body=one, orelse=other):
                return self.is_exact(one) and self.is_exact(other)
            case ast.UnaryOp(operand=inner):
                return self.is_exact(inner)
        return False


def _says_exact(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Subscript(value=ast.Name(id="Iterator"), slice=given):  # of a context manager
            return _says_exact(given)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return all(_says_exact(one) or ast.unparse(one) == "None" for one in (left, right))
        case _:
            return ast.unparse(annotation) in _EXACT_TYPES


def _found(  # noqa: PLR0912 - a table of cases
    tree: ast.Module, seen: _Seen
) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node, f"the literal {node.value!r} is a binary fraction: write Fraction(…) or whole units"
            case ast.Name(id="float" | "complex" as name):
                yield node, f"{name} is a binary fraction: money is int, shares and rates are Fraction"
            case ast.BinOp(left=left, op=ast.Div(), right=right) if not (
                seen.is_exact(left) or seen.is_exact(right) or _is_text(right)
            ):
                yield node, "true division of whole numbers makes a float: Fraction(a, b), or // with its remainder"
            case ast.AugAssign(target=target, op=ast.Div(), value=value) if not (
                seen.is_exact(target) or seen.is_exact(value)
            ):
                yield node, "true division of whole numbers makes a float: Fraction(a, b), or // with its remainder"
            case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
                yield node, "a negative power of a whole number is a float: Fraction(1, base**exponent)"
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()) if _PERCENT.search(text):
                yield node, "this format makes a float: royalties.money.written"
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[*_, ast.Constant(value=str(spec))])) if (
                _FORMAT.search(spec) and not spec.startswith("%")
            ):
                yield node, f"the format {spec!r} makes a float: royalties.money.written"
            case ast.Attribute(attr=name) if _FIELDS.fullmatch(name):
                yield node, f"{name} holds binary fractions: whole units, or numerator and denominator"
            case ast.Name(id=name) if _FIELDS.fullmatch(name):
                yield node, f"{name} holds binary fractions: whole units, or numerator and denominator"
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in _NUMERIC_MODULES and (
                _FLOATS.fullmatch(name) or name in {"pi", "e", "inf", "nan"}
            ):
                yield node, f"{module}.{name} is a binary fraction: int64, and Python's int beyond it"
            case ast.ImportFrom(module="math", names=names) if any(one.name not in _WHOLE_MATH for one in names):
                yield node, f"of math only {', '.join(sorted(_WHOLE_MATH))} stay whole"
            case ast.ImportFrom(module="statistics") | ast.ImportFrom(module="cmath"):
                yield node, "these modules answer in floats"
            case ast.Import(names=names) if any(one.name in {"statistics", "cmath"} for one in names):
                yield node, "these modules answer in floats"
            case ast.Call():
                yield from _calls(node)


def _calls(node: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    given = {one.arg for one in node.keywords}
    match node.func:
        case ast.Attribute(value=ast.Name(id="json"), attr="loads" | "load" as name) if "parse_float" not in given:
            yield node, f"json.{name} reads 0.1 as a float: parse_float=Fraction, or one that refuses it"
        case ast.Name(id="round") if len(node.args) > 1 or "ndigits" in given:
            yield node, "round to digits is for floats: royalties.money says how units are rounded"
        case ast.Attribute(value=ast.Constant(value=str(text)), attr="format") if _BRACES.search(text):
            yield node, "this format makes a float: royalties.money.written"
        case ast.Attribute(value=ast.Name(id="np" | "numpy" as module), attr=name) if (
            name in _ARRAYS and "dtype" not in given and len(node.args) < (3 if name == "full" else 2)
        ):
            yield node, f"{module}.{name} is of floats unless it is told: dtype=np.int64"
        case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="bincount") if "weights" in given:
            yield node, "np.bincount adds weights up as floats: np.add.at"
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in _WHOLE_MATH:
            yield node, f"math.{name} answers with a float"
        case ast.Attribute(attr=name) if name in _METHODS or (
            name in _FUNCTIONS and isinstance(node.func.value, ast.Name) and node.func.value.id in _NUMERIC_MODULES
        ):
            yield node, f"{name} answers with floats"
        case ast.Attribute(attr="astype" | "cast" as name) if any(
            isinstance(one, ast.Constant) and isinstance(one.value, str) and _is_float_code(one.value)
            for one in node.args
        ):
            yield node, f"{name} to a type of binary fractions"
    for one in node.keywords:
        if one.arg == "dtype" and isinstance(one.value, ast.Constant) and _is_float_code(str(one.value.value)):
            yield node, "an array of binary fractions"


def _is_float_code(text: str) -> bool:
    return bool(_FLOATS.fullmatch(text) or re.fullmatch(r"[<>=|]?[fdgc](2|4|8|16)?", text))


def _is_text(node: ast.expr) -> bool:
    """Whether a divisor is text, which only a path is divided by."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def modules(root: Path = ROOT) -> list[Path]:
    """Return the modules in which money is: those of ``royalties``, and those that import from it."""
    found = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" in path.parts or (package != MONEY and not _has_money(path)):
                continue
            found.append(path)
    return found


def _has_money(path: Path) -> bool:
    text = path.read_text()
    if MONEY not in text:
        return False
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names += [one.name for one in node.names]
    return any(name.partition(".")[0] == MONEY for name in names)


def main() -> int:
    """Print what was found; return whether it was anything."""
    paths = modules()
    found = [fault for path in paths for fault in faults(path.read_text(), path.relative_to(ROOT))]
    for fault in found:
        sys.stdout.write(f"{fault}\n")
    if found:
        sys.stdout.write(f"{len(found)} places where money could touch a float. Where it does not, say: # exact: why\n")
    else:
        sys.stdout.write(f"Money touches no float in {len(paths)} modules.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
