"""Each container's environment must be one its program accepts, and each file it names must be mounted."""

import importlib
import importlib.util
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.settings import BusSettings, Settings
from tests.k8s.model import ROOT, Document, Finding, Pod, of_kind, pods

# Read with os.environ by shared/, not by a settings class.
_READ_DIRECTLY = {"ANXIN_SECRETS_DIR", "ANXIN_LOG_LEVEL"}
_JOBS: dict[str, type[BaseSettings]] = {"shared.migrate": Settings, "shared.topology": BusSettings}
_PATH = re.compile(r"/(?:etc|run|data)(?:/[A-Za-z0-9_.-]+)+")


def check(documents: list[Document]) -> list[Finding]:
    """Programs that do not exist, settings that are refused or unknown, files that nobody mounts."""
    return [
        found
        for pod in pods(documents)
        for container in pod.containers
        for found in (*_check_program(pod, container, documents), *_check_files(pod, container, documents))
    ]


def _check_program(pod: Pod, container: Mapping[str, Any], documents: list[Document]) -> Iterator[Finding]:
    command = container.get("command", [])
    if command[:2] != ["python", "-m"]:
        return
    module = command[2]
    if not _exists(module):
        yield Finding("environment", pod.owner, f"there is no program `python -m {module}`")
        return
    kind, environment = settings_class(module), variables(container, documents)
    known = {f"ANXIN_{name.upper()}" for name in kind.model_fields} | _READ_DIRECTLY
    for name in sorted(environment):
        if name.startswith("ANXIN_") and name not in known:
            yield Finding("environment", pod.owner, f"{module} does not know {name}")
    try:
        with _as_in_the_pod(environment, _mounted(pod, container, documents)):
            kind()
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            yield Finding(
                "environment", pod.owner, f"{module} refuses its settings: {problem['loc']}: {problem['msg']}"
            )


def _exists(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def settings_class(module: str) -> type[BaseSettings]:
    """The settings that a program reads: its own subclass where it has one."""
    if module in _JOBS:
        return _JOBS[module]
    if not (ROOT / module.replace(".", "/") / "settings.py").is_file():
        return Settings
    own = importlib.import_module(f"{module}.settings")
    classes = [each for each in vars(own).values() if isinstance(each, type) and issubclass(each, Settings)]
    return max(classes, key=lambda each: len(each.mro()))


def variables(container: Mapping[str, Any], documents: list[Document]) -> dict[str, str]:
    """The container's environment: its ConfigMaps, then its own values."""
    maps = {each["metadata"]["name"]: each.get("data", {}) for each in of_kind(documents, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        found |= maps.get(source.get("configMapRef", {}).get("name"), {})
    return found | {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}


@contextmanager
def _as_in_the_pod(environment: Mapping[str, str], files: Mapping[str, str | None]) -> Iterator[None]:
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        secrets = environment.get("ANXIN_SECRETS_DIR")
        for path in files:
            if secrets and path.startswith(f"{secrets}/"):
                # 32 zero bytes, base64: a secret of the right form wherever a form is asked for.
                (Path(folder) / Path(path).name).write_text("A" * 43 + "=")
        os.environ.clear()
        os.environ.update(environment)
        if secrets:
            os.environ["ANXIN_SECRETS_DIR"] = folder
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _mounted(pod: Pod, container: Mapping[str, Any], documents: list[Document]) -> dict[str, str | None]:
    """Path in the container -> text where we know it (ConfigMaps), None where a secret fills it. Folders end in /."""
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", ())}
    maps = {each["metadata"]["name"]: each.get("data", {}) for each in of_kind(documents, "ConfigMap")}
    files: dict[str, str | None] = {}
    for mount in container.get("volumeMounts", ()):
        folder, volume = mount["mountPath"], volumes.get(mount["name"], {})
        files[f"{folder}/"] = None
        files |= {f"{folder}/{name}": text for name, text in maps.get(_map_name(volume), {}).items()}
        for source in volume.get("projected", {}).get("sources", ()):
            files |= {f"{folder}/{item['path']}": None for item in source["secret"].get("items", ())}
    return files


def _map_name(volume: Mapping[str, Any]) -> str | None:
    name: str | None = volume.get("configMap", {}).get("name")
    return name


def _check_files(pod: Pod, container: Mapping[str, Any], documents: list[Document]) -> Iterator[Finding]:
    files = _mounted(pod, container, documents)
    texts = {name: text for name, text in files.items() if text is not None}
    texts |= {f"env {name}": value for name, value in variables(container, documents).items()}
    texts["args"] = " ".join(map(str, (*container.get("command", ()), *container.get("args", ()))))
    for where, text in texts.items():
        for path in sorted(set(_PATH.findall(_without_comments(text)))):
            if path not in files and f"{path}/" not in files:
                yield Finding("environment", pod.owner, f"{where} names {path}, which is not mounted")


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)
