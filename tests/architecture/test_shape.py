"""How a module looks: its size, its first line, its name, and what only some rooms may do."""

import ast
import re

from tests.architecture.tree import called_name, calls, imported_modules, modules

MODULE_LINES = 500
FUNCTION_LINES = 70
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
TEST_MODULE = re.compile(r"(^|/)test_[^/]*\.py$")

CODE = modules("app", "dev", "migrations", "tests")
# A migration lists tables; splitting it would only hide them.
WRITTEN = modules("app", "dev", "tests")
APP = modules("app")


def test_the_walk_sees_the_program() -> None:
    assert "app/settings.py" in {module.path for module in APP}
    assert "tests/conftest.py" in {module.path for module in CODE}


def test_no_module_is_longer_than_people_read() -> None:
    too_long = {module.path: module.line_count for module in WRITTEN if module.line_count > MODULE_LINES}

    assert too_long == {}


def test_no_function_is_longer_than_people_read() -> None:
    too_long = {
        f"{module.path}:{node.lineno} {node.name}": length
        for module in WRITTEN
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }

    assert too_long == {}


def test_every_module_opens_with_one_line_that_says_what_it_is_for() -> None:
    wrong = [
        module.path
        for module in CODE
        if not module.path.endswith("__init__.py")
        and not TEST_MODULE.search(module.path)  # its path says which module it proves
        and not re.fullmatch(r"\S.*[.?]", ast.get_docstring(module.tree, clean=False) or "")
    ]

    assert wrong == []


def test_every_init_module_is_empty() -> None:
    filled = [module.path for module in CODE if module.path.endswith("__init__.py") and module.text.strip()]

    assert filled == []


def test_every_package_of_the_program_has_its_init_module() -> None:
    paths = {module.path for module in CODE}
    packages = {module.path.rpartition("/")[0] for module in modules("app", "dev")}

    assert {package for package in packages if f"{package}/__init__.py" not in paths} == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [module.path for module in CODE if VAGUE_NAMES & set(module.path.removesuffix(".py").split("/"))]

    assert vague == []


WORKER = ("app/worker.py", "app/handlers/")


def test_only_flows_and_the_worker_open_a_transaction() -> None:
    elsewhere = [
        f"{module.path}:{call.lineno}"
        for module in APP
        if not module.path.startswith("app/flows/") and not module.path.startswith(WORKER)
        for call in calls(module)
        if called_name(call) == "transaction"
    ]

    assert elsewhere == []


def test_no_transaction_is_opened_inside_another() -> None:
    nested = [
        f"{module.path}:{inner.lineno}"
        for module in APP
        for outer in ast.walk(module.tree)
        if isinstance(outer, ast.With) and _opens_transaction(outer)
        for inner in ast.walk(outer)
        if inner is not outer and isinstance(inner, ast.With) and _opens_transaction(inner)
    ]

    assert nested == []


def test_only_the_clock_reads_the_time() -> None:
    reads = {"now", "utcnow", "today"}

    elsewhere = [
        f"{module.path}:{call.lineno}"
        for module in APP
        if module.path != "app/core/clock.py"
        for call in calls(module)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in reads
        and isinstance(call.func.value, ast.Name | ast.Attribute)
        and ast.unparse(call.func.value).rpartition(".")[2] in {"datetime", "date"}
    ]

    assert elsewhere == []


def test_no_row_is_made_from_whatever_a_request_brings() -> None:
    tables = {
        node.name
        for module in APP
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and any(keyword.arg == "table" for keyword in node.keywords)
    }
    assert {"Order", "Customer"} <= tables

    poured = [
        f"{module.path}:{call.lineno}"
        for module in APP
        for call in calls(module)
        if (called_name(call) in tables and (module.path.startswith("app/web/") or _pours_a_form(call)))
        or (
            called_name(call) in {"model_validate", "model_validate_json"}
            and isinstance(call.func, ast.Attribute)
            and ast.unparse(call.func.value) in tables
        )
    ]

    assert poured == []


def test_the_program_and_what_runs_beside_it_do_not_import_each_other_or_the_tests() -> None:
    crossing = {
        f"{module.path} imports {name}"
        for folder, foreign in (
            ("app", {"dev", "tests"}),
            ("dev", {"app", "tests"}),
            ("migrations", {"dev", "tests"}),
        )
        for module in modules(folder)
        for name in imported_modules(module)
        if name.partition(".")[0] in foreign
    }

    assert crossing == set()


def test_no_models_module_postpones_its_annotations() -> None:
    postponed = [
        module.path
        for module in APP
        if module.path.endswith("models.py") and "__future__.annotations" in imported_modules(module)
    ]

    assert postponed == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")

    left = [
        f"{module.path}:{number}"
        for module in CODE
        if module.path != "tests/architecture/test_shape.py"
        for number, line in enumerate(module.text.splitlines(), 1)
        if marks.search(line)
    ]

    assert left == []


def _opens_transaction(block: ast.With) -> bool:
    return any(
        isinstance(item.context_expr, ast.Call) and called_name(item.context_expr) == "transaction"
        for item in block.items
    )


def _pours_a_form(call: ast.Call) -> bool:
    """Whether a call takes `**form.model_dump()`, `**dict(form)` or the like."""
    return any(
        isinstance(keyword.value, ast.Call)
        and called_name(keyword.value) in {"model_dump", "dict", "form", "json"}
        for keyword in call.keywords
        if keyword.arg is None
    )
