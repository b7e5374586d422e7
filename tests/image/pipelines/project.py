"""A repository that a pipeline works on, and the machine that its scripts run on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.image.pipelines.steps import PIPELINES, Step

from deploykit import cache


@dataclass(frozen=True)
class Project:
    """`url` leads to the repository; the folder has that, a person's own clone, and what the pipeline's machine has."""

    folder: Path
    url: str

    @classmethod
    def begin(cls, folder: Path, url: str, files: Mapping[str, str]) -> "Project":
        """A repository with these files, and with the scripts and the values file of the docs."""
        (folder / "home").mkdir()
        bare, own = folder / "git" / "mage.git", folder / "own"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare], check=True, timeout=30)
        subprocess.run(["git", "clone", "--quiet", bare, own], check=True, capture_output=True, timeout=30)
        shutil.copytree(PIPELINES / "environments", own / "environments")
        for script in ("sync-and-push.sh", "deploy.sh", "registry-login.sh"):
            shutil.copy(PIPELINES / script, own)
        for name, text in files.items():
            (own / name).write_text(text, encoding="utf-8")
        found = cls(folder, url)
        found.git("checkout", "--quiet", "-B", "main")
        found.git("add", "--all")
        found.git("commit", "--quiet", "--message", "Begin")
        found.git("push", "--quiet", "origin", "HEAD:main")
        return found

    def git(self, *arguments: str) -> str:
        """Run Git in the person's clone."""
        command = ["git", "-C", str(self.folder / "own"), "-c", "user.name=me", "-c", "user.email=me@localhost"]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, timeout=30).stdout

    def commits(self) -> list[str]:
        """The subjects on the branch, the newest first."""
        self.git("fetch", "--quiet")
        return self.git("log", "--format=%s", "origin/main").splitlines()

    def pushed(self, path: str) -> str:
        self.git("fetch", "--quiet")
        return self.git("show", f"origin/main:{path}")

    def commit(self, path: str, text: str) -> None:
        """A person's push."""
        self.git("fetch", "--quiet")
        self.git("reset", "--quiet", "--hard", "origin/main")
        (self.folder / "own" / path).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Change {path}")
        self.git("push", "--quiet", "origin", "HEAD:main")

    def bash(
        self, script: str, environment: Mapping[str, str], cwd: Path, *, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as a CI system does, with what its machine has and nothing of this process's own."""
        own = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "DEPLOYKIT_CACHE": str(cache.root()),
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env={**own, **environment},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )

    def clone(self, name: str) -> Path:
        """A fresh clone without a login, as a runner's checkout leaves it."""
        target = self.folder / name
        if target.exists():
            shutil.rmtree(target)
        subprocess.run(["git", "clone", "--quiet", self.folder / "git" / "mage.git", target], check=True, timeout=30)
        subprocess.run(["git", "-C", target, "remote", "set-url", "origin", f"{self.url}/mage.git"], check=True)
        return target

    def play(self, steps: Iterable[Step], environment: Mapping[str, str], cwd: Path) -> tuple[int, str]:
        """Run every step, as GitLab runs its last one: the exit code of the first that failed, and what all said."""
        code, said = 0, ""
        for step in steps:
            done = self.bash(step.script, {**environment, **step.environment}, cwd)
            code, said = code or done.returncode, said + done.stdout
        return code, said
