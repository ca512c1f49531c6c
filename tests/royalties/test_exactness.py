"""Money never touches a float: the check that ``make check`` runs finds each way that one comes about."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "exactness.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("exactness", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["exactness"] = module
    spec.loader.exec_module(module)
    return module


exactness = _loaded()


@pytest.mark.parametrize(
    "source",
    [
        "rate = 0.85",
        "rate = 1e3",
        "amount = float(text)",
        "def f(x: float): ...",
        "half = units / 2",
        "units /= 2",
        "share = one.units / other.units",
        "def f(units: int, part: Fraction):\n    return units / len(parts)",
        "def f(part: Fraction):\n    return part / 2\ndef g(part: int):\n    return part / 2",
        "path = 5\nx = path / 2",
        "tenth = 10 ** -1",
        "amount = models.FloatField()",
        "amount = serializers.FloatField(required=False)",
        "from django.db.models import FloatField\nx = FloatField()",
        "x = np.float64(3)",
        "x = np.array([1], dtype=np.float32)",
        "x = np.array([1], dtype='float64')",
        "x = np.array([1], dtype='<f8')",
        "x = a.astype('f8')",
        "x = np.zeros(3)",
        "x = np.full(3, 7)",
        "x = np.mean(units)",
        "x = units.mean()",
        "x = np.bincount(place, weights=units)",
        "x = np.divide(a, b)",
        "schema = pa.schema([('amount', pa.float64())])",
        "x = math.sqrt(4)",
        "x = math.pi",
        "from math import log10",
        "import statistics",
        "x = json.loads(text)",
        "x = json.load(file)",
        "x = round(amount, 2)",
        "x = round(amount, ndigits=2)",
        "text = f'{units:.2f}'",
        "text = f'{part:.1%}'",
        "text = '%.2f' % units",
        "text = '{:.2f}'.format(units)",
        "x = 1j",
    ],
)
def test_what_makes_a_float_is_found(source: str) -> None:
    assert exactness.faults(source), source


@pytest.mark.parametrize(
    "source",
    [
        "half = units // 2",
        "def f(part: Fraction, folder: Path):\n    return part / 2, folder / 'a', folder.parent / name",
        "half = Fraction(1, 3) / 2",
        "def f(folder: Path, into: Path | None):\n    into = into or folder\n    path = into / name\n    path / name",
        "class A:\n    part: Fraction\ndef f(a: A):\n    return a.part / 3",
        "def whole() -> Fraction: ...\nx = whole() / 3",
        "@contextmanager\ndef brought() -> Iterator[Path]: ...\nwith brought() as folder:\n    folder / name",
        "name = folder / f'{number}.parquet'",
        "x = np.zeros(3, dtype=np.int64)",
        "x = np.zeros(3, np.int64)",
        "x = np.full(3, 7, np.int64)",
        "x = np.bincount(place)",
        "x = json.loads(text, parse_float=Fraction)",
        "x = round(amount)",
        "from math import gcd, lcm",
        "text = f'{units:,} {name:>30} {part:02d}'",
        "text = '%d of %s' % (units, name)",
        "seconds = time / 2  # exact: seconds, not money",
        "def f(x):  # exact: seconds, not money\n    return x / 2",
        "x = log.append(entry)",
        "x = keyring.log('a')",
    ],
)
def test_what_stays_exact_is_left_alone(source: str) -> None:
    assert not exactness.faults(source), source


def test_a_reason_is_a_reason_and_holds_for_its_line_alone() -> None:
    assert exactness.faults("x = a / b  # exact")
    assert exactness.faults("x = a / b  # exact: yes")
    (fault,) = exactness.faults("x = a / b  # exact: seconds, not money\ny = a / b", Path("some.py"))
    assert str(fault).startswith("some.py:2: true division")


def test_a_module_is_one_of_money_as_soon_as_it_imports_it(tmp_path: Path) -> None:
    for name, text in {
        "royalties/pure.py": "",
        "royalties/migrations/0001_first.py": "x = 0.5",
        "ledger/paying.py": "from royalties.money import Rate",
        "ledger/late.py": "def f():\n    import royalties.runs.engine",
        "ledger/audio.py": "from fingerprint import audio\nx = 0.5",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [str(path.relative_to(tmp_path)) for path in exactness.modules(tmp_path)]
    assert found == ["royalties/pure.py", "ledger/late.py", "ledger/paying.py"]


def test_the_service_passes() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Money touches no float in" in done.stdout


def test_it_looks_where_money_is() -> None:
    names = {str(path.relative_to(exactness.ROOT)) for path in exactness.modules()}
    assert {"royalties/money.py", "royalties/runs/engine.py", "royalties/models/usage.py", "ledger/usages.py"} <= names
