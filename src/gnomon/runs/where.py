"""Conditions on a table: the part of SQL that looks at one row and nothing else.

DuckDB parses the condition into a tree; the tree is checked node by node against what is allowed here; the names in it
are replaced by those of a table that holds the needed columns only; and what runs is the checked tree, in a database
without files, network, extensions or a way to change that. Text that was not checked never runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from gnomon.errors import ColumnError, FormulaError, Where, near
from gnomon.runs.cells import Array
from gnomon.runs.match import missing_error
from gnomon.runs.numbers import SUFFIXES
from gnomon.runs.schema import words
from gnomon.runs.table import Runs

LONGEST = 10_000  # characters of a condition: far more than somebody types

#: Functions of one row that read nothing but their arguments; operators are functions to the parser.
FUNCTIONS = frozenset(
    words(
        "+ - * / // % ** ^ || ~~ !~~ ~~* !~~* ~~~ abs ceil ceiling floor round trunc sign sqrt cbrt ln log log2 log10 "
        "exp pow power mod greatest least isnan isfinite isinf nullif ifnull if lower upper length trim ltrim rtrim "
        "contains starts_with ends_with prefix suffix replace substr substring left right concat position instr "
        "like_escape not_like_escape ilike_escape not_ilike_escape regexp_matches regexp_full_match"
    )
)
OPERATORS = frozenset(
    words("OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE COMPARE_IN COMPARE_NOT_IN")
)
TYPES = frozenset(words("DOUBLE FLOAT REAL INTEGER INT BIGINT HUGEINT DECIMAL VARCHAR TEXT BOOLEAN BOOL"))
CLASSES = frozenset(words("COMPARISON CONJUNCTION CONSTANT FUNCTION OPERATOR BETWEEN CASE CAST TYPE COLUMN_REF"))

_NAMED = {
    "SUBQUERY": "another query",
    "WINDOW": "other rows",
    "STAR": "all columns at once",
    "LAMBDA": "a function of its own",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a column by its number",
    "COLLATE": "a collation",
}
_QUOTED_OR_NUMBER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w.])(\d+(?:\.\d+)?)([A-Za-z]+)\b|.""", re.DOTALL)


def mask_of(runs: Runs, condition: str) -> Array:
    """Where a condition holds: one boolean a row, false where it is unknown.

    Args:
        runs: the table; columns go by their canonical names or by those of the file.
        condition: e.g. `loss < 5 and family = 'c4'`; numbers may be written 7B, 350M, 2T, 3.2k.

    Raises:
        FormulaError: it does not parse, is no condition, or uses what it may not use.
        ColumnError: it names a column that is not there.
    """
    import duckdb

    if not condition.strip() or len(condition) > LONGEST:
        got = f"{len(condition)} characters" if condition.strip() else "nothing"
        raise _wrong(runs, f"got {got} as a condition, expected one like loss < 5")
    closed: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "threads": "1",
    }
    with duckdb.connect(":memory:", config=closed) as connection:
        tree = _parse(connection, runs, condition)
        used = _check(tree, runs, condition)
        cells = {short: _cells(runs, name) for name, short in used.items()}
        connection.register("cells", cells or {"nothing": np.zeros(len(runs))})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        typed = ", ".join(_typed(short, runs.columns[name].kind, cells[short]) for name, short in used.items())
        connection.execute(f"CREATE TEMP VIEW runs AS SELECT {typed or 'nothing'} FROM cells")
        try:
            checked = connection.execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)]).fetchall()
            answer = connection.execute(checked[0][0]).fetchnumpy()["met"]
        except duckdb.Error as error:
            said = str(error).splitlines()[0].removeprefix("Conversion Error: ").removeprefix("Binder Error: ")
            raise _wrong(runs, f"the condition {condition!r} cannot be worked out: {said}") from error
    if answer.dtype.kind != "b":
        raise _wrong(runs, f"the condition {condition!r} gives values, expected true or false for each row")
    return np.asarray(np.ma.filled(answer, False), dtype=bool)


def _wrong(runs: Runs, message: str, hint: str | None = None) -> FormulaError:
    hint = hint or "Write it like loss < 5 and family = 'c4', with text in single quotes."
    return FormulaError(message, hint=hint, where=Where(file=runs.source), code="bad-condition")


def _parse(connection: Any, runs: Runs, condition: str) -> dict[str, Any]:
    """The tree of `SELECT condition AS met FROM runs`, where the condition is one and nothing stands around it."""
    query = f"SELECT 1 FROM runs WHERE (\n{_written_out(condition)}\n)"
    try:
        rows = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()
        tree: dict[str, Any] = json.loads(rows[0][0])
    except RecursionError as error:
        raise _wrong(runs, "the condition is nested too deeply") from error
    if tree["error"]:
        said = tree["error_message"]
        if said.startswith("Only SELECT"):
            said = "it holds more than one statement"
        raise _wrong(runs, f"the condition {condition!r} does not parse: {said}")
    if len(tree["statements"]) != 1:
        raise _wrong(runs, f"the condition {condition!r} holds more than one statement")
    node = tree["statements"][0]["node"]
    around = ("modifiers", "group_expressions", "group_sets", "having", "sample", "qualify")
    if (
        node["type"] != "SELECT_NODE"
        or any(node.get(key) for key in around)
        or node["cte_map"]["map"]
        or node["from_table"].get("table_name") != "runs"
        or not node.get("where_clause")
    ):
        raise _wrong(runs, f"the condition {condition!r} is more than a condition")
    node["select_list"] = [node["where_clause"] | {"alias": "met"}]
    node["where_clause"] = None
    return tree


def _written_out(condition: str) -> str:
    """The condition with `7B` as 7000000000, outside of quotes."""

    def number(piece: re.Match[str]) -> str:
        digits, suffix = piece.groups()
        if suffix is None or suffix.lower() not in SUFFIXES:
            return piece.group()
        return repr(float(digits) * SUFFIXES[suffix.lower()])

    return _QUOTED_OR_NUMBER.sub(number, condition)


def _check(tree: dict[str, Any], runs: Runs, condition: str) -> dict[str, str]:
    """Refuse what is not allowed and put short names for columns into the tree.

    Returns:
        Column name -> its name in the tree.
    """
    used: dict[str, str] = {}
    for node in _expressions(tree["statements"][0]["node"]["select_list"]):
        kind = node["class"]
        if kind not in CLASSES:
            what = _NAMED.get(kind, kind.lower().replace("_", " "))
            raise _wrong(runs, f"the condition {condition!r} uses {what}, which a condition on one row may not")
        if kind == "COLUMN_REF":
            name = _resolve(runs, ".".join(node["column_names"]), condition)
            node["column_names"] = [used.setdefault(name, f"c{len(used)}")]
        elif kind == "FUNCTION" and (node["function_name"] not in FUNCTIONS or node.get("distinct")):
            named = node["function_name"]
            hint = near(named, (name for name in FUNCTIONS if name.isidentifier()))
            raise _wrong(runs, f"the condition {condition!r} calls {named!r}, which it may not", hint or None)
        elif kind == "OPERATOR" and node["type"] not in OPERATORS:
            raise _wrong(runs, f"the condition {condition!r} uses {node['type'].lower()}, which it may not")
        elif kind == "CAST":
            wanted = (node.get("type_expr") or {}).get("type_name") or (node.get("cast_type") or {}).get("id")
            if str(wanted).upper() not in TYPES:
                raise _wrong(runs, f"the condition {condition!r} casts to {str(wanted).upper()}, which it may not")
    return used


def _expressions(node: Any) -> Iterator[dict[str, Any]]:
    """Every expression in a tree, without recursion."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if "class" in part:
                yield part
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)


def _resolve(runs: Runs, name: str, condition: str) -> str:
    """The column a name means: as it is written, else without regard to case if that leaves no question."""
    if name in runs:
        return runs.resolve(name)
    originals = {column.original: kept for kept, column in runs.columns.items() if column.original}
    known = {name: name for name in runs.names} | originals
    alike = {kept for theirs, kept in known.items() if theirs.lower() == name.lower()}
    if len(alike) == 1:
        return alike.pop()
    if name in runs.unsettled:
        return runs.resolve(name)
    where = Where(file=runs.source, column=name)
    message = f"the condition {condition!r} uses {name!r}, which is not a column"
    if f'"{name}"' in condition:
        raise ColumnError(message, hint=f"Text goes in single quotes: '{name}'.", where=where, code="missing-column")
    longer = [theirs for theirs in known if name in re.split(r"\W+", theirs) and not theirs.isidentifier()]
    if longer:
        quoted = " or ".join(f'"{theirs}"' for theirs in longer[:3])
        raise ColumnError(
            message, hint=f"Put such names in double quotes: {quoted}.", where=where, code="missing-column"
        )
    hint = near(name, known) or missing_error(name, runs.names, runs.source).hint
    raise ColumnError(message, hint=hint, where=where, code="missing-column")


def _cells(runs: Runs, name: str) -> Array:
    return np.array(runs.data[name])  # a copy: the engine wants it writable


def _typed(short: str, kind: str, values: Array) -> str:
    """A column of the table the condition sees: unknown is NULL, flags are booleans."""
    if kind == "text":
        return f"{short}::VARCHAR AS {short}"
    if np.isnan(values).all():
        return f"NULL AS {short}"  # of no type: it may be compared with anything
    known = f"CASE WHEN isnan({short}) THEN NULL ELSE {short} END"
    return f"{known if kind == 'number' else f'({known})::BOOLEAN'} AS {short}"
