"""The folders import from this project, and the front door opens quickly."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("turntone", "dashboard", "reports", "pipeline", "emotion", "diarization", "configs")


@pytest.mark.parametrize("name", PACKAGES)
def test_each_folder_imports_from_this_project(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / name


@pytest.mark.parametrize("module", ["turntone", "turntone.cli"])
def test_the_front_door_imports_nothing_heavy(module: str) -> None:
    heavy = ("torch", "pandas", "plotly", "dash", "librosa", "funasr", "pyannote", "sqlalchemy", "scipy", "sklearn")
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_layers_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports")]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert shown.returncode == 0, shown.stdout


def test_no_module_of_ours_is_without_docstring() -> None:
    missing = [
        str(path.relative_to(ROOT))
        for name in PACKAGES
        for path in (ROOT / name).rglob("*.py")
        if "migrations" not in path.parts and not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert missing == []


def help_seconds() -> float:
    """Wall-clock time of ``turntone --help`` in a fresh process."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "turntone", "--help"], capture_output=True, check=True, cwd=ROOT)
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(f"{min(help_seconds() for _ in range(5)):.2f} s")
