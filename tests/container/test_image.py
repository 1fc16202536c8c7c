"""The image builds and runs as compose.yaml runs it. Takes a minute: only if a base is named."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASE = os.environ.get("CONDORBOT_BASE_IMAGE", "")
BUILD_ARGS = os.environ.get("CONDORBOT_BUILD_ARGS", "")


@pytest.mark.platform("needs buildah, root and a base image")
@pytest.mark.timeout(600)
def test_the_image_runs_read_only_as_nobody_and_becomes_ready(repository: Path) -> None:
    if not BASE or shutil.which("buildah") is None or os.geteuid() != 0:
        pytest.skip("needs root, buildah, and CONDORBOT_BASE_IMAGE naming an image with python3")
    script = repository / "tests" / "container" / "check_image"
    done = subprocess.run(
        [script, BASE, *BUILD_ARGS.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read-only, uid 10001" in done.stdout
    assert re.search(r"^ready: ", done.stdout, re.MULTILINE)
    assert "the image is fit to run" in done.stdout


def test_every_package_the_image_copies_is_let_in(repository: Path) -> None:
    """A COPY of something that .dockerignore keeps out fails only when somebody builds."""
    dockerfile = (repository / "Dockerfile").read_text(encoding="utf-8")
    let_in = (repository / ".dockerignore").read_text(encoding="utf-8").split()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert len(names) >= 12
    assert [name for name in names if f"!{name}" not in let_in] == []


def test_every_package_is_in_the_image(repository: Path) -> None:
    dockerfile = (repository / "Dockerfile").read_text(encoding="utf-8")
    packages = [p.parent.name for p in repository.glob("*/__init__.py") if p.parent.name != "tests"]
    assert len(packages) >= 8
    assert [name for name in packages if f"COPY {name} {name}" not in dockerfile] == []


def test_the_dockerfile_is_clean_to_its_linter(repository: Path) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [linter, repository / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
