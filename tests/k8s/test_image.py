"""The Dockerfile's own steps, run without Docker: what they install is enough for every program, and no more."""

import os
import re
import shlex
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.k8s.model import OVERLAYS, ROOT, pods, uv
from tests.k8s.rendering import documents

# Installing every dependency takes long on a busy machine.
pytestmark = pytest.mark.timeout(600)

BUILD_STAGE = re.search(r"(?ms)^FROM \S+ AS build$(.*?)^FROM ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


def _is_admitted(path: str) -> bool:
    """.dockerignore, read as Docker reads it: the last rule that fits decides."""
    admitted = True
    for rule in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        if rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        if any(fnmatch(part, pattern) for part in parts) if "**/" in rule else fnmatch(parts[0], pattern):
            admitted = rule.startswith("!")
    return admitted


def _copy(words: list[str], app: Path) -> None:
    *sources, target = words
    for source in sources:
        place = app / target if not target.startswith(".") else app / source
        listed = [ROOT / source] if (ROOT / source).is_file() else [*(ROOT / source).rglob("*")]
        for each in listed:
            path = each.relative_to(ROOT).as_posix()
            if each.is_file() and _is_admitted(path):
                destination = place / each.relative_to(ROOT / source) if (ROOT / source).is_dir() else place
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(each, destination)


def _bare(**extra: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **extra}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's /app: every COPY and RUN of the build stage in order, but for `pip install uv`."""
    assert BUILD_STAGE, "the Dockerfile has no stage named build"
    folder = tmp_path_factory.mktemp("image") / "app"
    folder.mkdir()
    for line in BUILD_STAGE[1].splitlines():
        verb, *words = shlex.split(line, comments=True) or [""]
        if verb == "COPY":
            _copy(words, folder)
        elif verb == "RUN" and words[0] != "pip":
            environment = _bare(UV_PYTHON_DOWNLOADS="never", UV_LINK_MODE="copy")
            command = [uv() if word == "uv" else word for word in words]
            subprocess.run(command, cwd=folder, env=environment, check=True, timeout=300, capture_output=True)
    return folder


def _python(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = _bare(PYTHONPATH=str(app), PYTHONDONTWRITEBYTECODE="1")
    command = [str(app / ".venv/bin/python"), *arguments]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False, timeout=200)


def _programs() -> set[str]:
    containers = [container for pod in pods(documents(OVERLAYS / "prod")) for container in pod.containers]
    return {each["command"][2] for each in containers if each.get("command", [])[:2] == ["python", "-m"]}


def test_every_program_of_the_manifests_starts_from_what_the_image_holds_and_writes_nothing_beside_it(
    app: Path,
) -> None:
    # A service's main.py imports all that it runs with; a job is its own module.
    modules = [each if each.startswith("shared.") else f"{each}.main" for each in sorted(_programs())]
    modules.append("services.scoring.model.boosting")  # what a registered model predicts with
    before = _files(app)
    done = _python(app, "-W", "error", "-c", f"import {', '.join(modules)}")
    assert done.returncode == 0, done.stderr
    assert _files(app) == before


def _files(app: Path) -> set[Path]:
    return {path for folder in ("shared", "services", "gateway") for path in (app / folder).rglob("*")}


def test_the_image_holds_no_tool_and_nothing_of_one_machine(app: Path) -> None:
    installed = {path.name for path in (app / ".venv" / "bin").iterdir()}
    assert installed.isdisjoint({"pytest", "mypy", "ruff", "nats-server", "envoy", "kubectl"})
    assert {path.name for path in app.iterdir()} == {
        ".venv",
        "pyproject.toml",
        "uv.lock",
        "shared",
        "services",
        "gateway",
    }


def test_no_key_enters_the_image(tmp_path: Path) -> None:
    for path in (
        "shared/front.key",
        "services/.env",
        "gateway/pki/ca.crt",
        ".anxin/pki/ca.key",
        "local/pki.py",
        ".git/config",
    ):
        assert not _is_admitted(path), path
    assert _is_admitted("services/ingest/catalogue/catalogue.csv")


def test_the_default_service_is_one_that_exists(app: Path) -> None:
    default = re.search(r"(?m)^ARG SERVICE=(\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert default
    assert default[1] in _programs()
