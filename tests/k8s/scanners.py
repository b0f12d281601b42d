"""Other people's rules: checkov over what is rendered and the Dockerfile, hadolint over the Dockerfile."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.k8s.model import BINARIES, ROOT, Finding, uv

_CHECKOV = Path(__file__).with_name("checkov")
# Outside the tree that is linted, typed and tested.
_ENVIRONMENT = ROOT / ".cache" / "checkov"


def check_policies(rendered: Mapping[str, str], dockerfile: Path = ROOT / "Dockerfile") -> list[Finding]:
    """checkov's findings. `rendered`: overlay name -> YAML stream."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in rendered.items():
            (Path(folder) / f"{name}.yaml").write_text(text, encoding="utf-8")
        shutil.copy(dockerfile, Path(folder) / "Dockerfile")
        done = _checkov(["--directory", folder, "--config-file", str(_CHECKOV / "checkov.yaml")])
    if not done.stdout.strip().startswith(("[", "{")):
        return [Finding("checkov", "checkov", f"did not run: {(done.stderr or done.stdout)[-400:]}")]
    return [*failures(json.loads(done.stdout))]


def _checkov(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [uv(), "run", "--quiet", "--frozen", "--project", str(_CHECKOV), "checkov", *arguments]
    # Ours would be taken for checkov's own environment.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environment |= {"UV_PROJECT_ENVIRONMENT": str(_ENVIRONMENT), "CHECKOV_RENDER_MAX_LEN": "0", "LOG_LEVEL": "ERROR"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)


def failures(reports: Any) -> Iterator[Finding]:
    """The failed checks in checkov's JSON (one report, or a list of them), and scanners that looked at nothing."""
    listed = reports if isinstance(reports, list) else [reports]
    looked_at = {report.get("check_type"): report for report in listed}
    for kind in ("kubernetes", "dockerfile"):
        # A scanner that looked at nothing also finds nothing.
        if looked_at.get(kind, {}).get("summary", {}).get("resource_count", 0) == 0:
            yield Finding("checkov", kind, "looked at nothing")
    for report in listed:
        for failed in report.get("results", {}).get("failed_checks", ()):
            where = f"{Path(failed['file_path']).name} {failed['resource']}"
            yield Finding("checkov", where, f"{failed['check_id']} {failed['check_name']}")


def check_dockerfile(dockerfile: Path = ROOT / "Dockerfile") -> list[Finding]:
    """hadolint's findings, of every severity."""
    command = [str(BINARIES / "hadolint"), "--no-color", "--format", "json", str(dockerfile)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if not done.stdout.startswith("["):
        return [Finding("hadolint", dockerfile.name, (done.stderr or done.stdout).strip())]
    return [
        Finding("hadolint", f"{dockerfile.name}:{each['line']}", f"{each['code']} {each['message']}")
        for each in json.loads(done.stdout)
    ]
