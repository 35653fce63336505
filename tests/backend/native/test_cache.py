"""What is kept on disk: only what this user wrote whole is used, and nothing that goes wrong is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pathgrad.backend.native.process import cache
from pathgrad.backend.native.process.cache import Store, digest, directory, store
from pathgrad.backend.native.process.loader import CannotLoad, load
from pathgrad.backend.native.process.machine import host, link, object_code

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
TEXT = """
@counter = global i64 5
declare double @cos(double)
define double @twice_cos(double %x) {
  %c = call double @cos(double %x)
  %d = fmul double %c, 2.0
  ret double %d
}
define ptr @where() {
  ret ptr @counter
}
"""


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "cache"))


def file_of(kept: Store, key: str) -> Path:
    return Path(kept.path) / f"{key}.bin"


# ---- the store -------------------------------------------------------------------------------------------------------
def test_what_was_put_is_got(kept: Store) -> None:
    key = digest("a")
    assert kept.get(key) is None
    assert kept.put(key, b"content") and kept.get(key) == b"content"
    assert kept.put(key, b"") and kept.get(key) == b""
    assert Store(os.path.dirname(kept.path)).get(key) == b""


def test_keys_are_digests_of_their_parts() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest(b"\xff") == digest(b"\xff") != digest("ÿ")


def damage_a_byte(content: bytes) -> bytes:
    return content[:60] + bytes([content[60] ^ 1]) + content[61:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content + b"x",
        lambda content: b"X" + content[1:],
        lambda content: os.urandom(200),
        damage_a_byte,
    ],
)
def test_a_damaged_file_is_not_used_and_is_overwritten(kept: Store, damage: object) -> None:
    key = digest("a")
    kept.put(key, b"content" * 10)
    place = file_of(kept, key)
    place.write_bytes(damage(place.read_bytes()))  # type: ignore[operator]
    assert kept.get(key) is None
    assert kept.put(key, b"content" * 10) and kept.get(key) == b"content" * 10


def test_a_file_under_another_key_is_not_used(kept: Store) -> None:
    kept.put(digest("a"), b"content")
    file_of(kept, digest("a")).rename(file_of(kept, digest("b")))
    assert kept.get(digest("b")) is None


def test_files_of_another_secret_are_not_used(kept: Store) -> None:
    kept.put(digest("a"), b"content")
    (Path(kept.path) / "secret").unlink()
    after = Store(os.path.dirname(kept.path))
    assert after.get(digest("a")) is None
    assert after.put(digest("a"), b"new") and after.get(digest("a")) == b"new"


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 64])
def test_a_damaged_secret_is_replaced(kept: Store, content: bytes) -> None:
    secret = Path(kept.path) / "secret"
    secret.write_bytes(content)
    after = Store(os.path.dirname(kept.path))
    assert len(secret.read_bytes()) == 32 and after.put(digest("a"), b"c") and after.get(digest("a")) == b"c"


@POSIX
def test_files_and_directories_that_others_can_write_are_refused(kept: Store) -> None:
    kept.put(digest("a"), b"content")
    file_of(kept, digest("a")).chmod(0o666)
    assert kept.get(digest("a")) is None
    assert (Path(kept.path) / "secret").stat().st_mode & 0o777 == 0o600
    os.chmod(kept.path, 0o777)
    with pytest.raises(PermissionError, match="not a directory that only its owner can write"):
        Store(os.path.dirname(kept.path))


@POSIX
def test_a_secret_that_others_could_read_is_replaced(kept: Store) -> None:
    secret = Path(kept.path) / "secret"
    before = secret.read_bytes()
    secret.chmod(0o644)
    Store(os.path.dirname(kept.path))
    assert secret.read_bytes() != before and secret.stat().st_mode & 0o777 == 0o600


@POSIX
def test_a_secret_that_cannot_be_kept_from_others_is_refused(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path(kept.path) / "secret").unlink()
    monkeypatch.setattr(cache, "_read", lambda place, most: (_ for _ in ()).throw(OSError()))
    with pytest.raises(PermissionError, match="cannot be kept from others"):
        Store(os.path.dirname(kept.path))


@POSIX
def test_links_are_not_followed(kept: Store, tmp_path: Path) -> None:
    kept.put(digest("a"), b"content")
    file_of(kept, digest("a")).rename(tmp_path / "elsewhere")
    file_of(kept, digest("a")).symlink_to(tmp_path / "elsewhere")
    assert kept.get(digest("a")) is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "code").symlink_to(kept.path)
    with pytest.raises(PermissionError):
        Store(str(tmp_path / "other"))


def test_what_was_used_longest_ago_is_dropped(tmp_path: Path) -> None:
    small = Store(str(tmp_path), limit=4000)
    for k in range(10):
        small.put(digest(str(k)), b"x" * 900)
        os.utime(file_of(small, digest(str(k))), (k, k))
        if k == 2:
            assert small.get(digest("0")) is not None  # used now
    found = [k for k in range(10) if small.get(digest(str(k))) is not None]
    assert 0 in found and 9 in found and 1 not in found
    assert sum(p.stat().st_size for p in Path(small.path).glob("*.bin")) <= 4000


def test_temporary_files_of_ended_processes_go(kept: Store) -> None:
    old, new = Path(kept.path) / "old.tmp", Path(kept.path) / "new.tmp"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    kept.put(digest("a"), b"content")
    assert not old.exists() and new.exists()


def test_no_directory_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PATHGRAD_CACHE", str(tmp_path / "file" / "inside"))
    assert store() is None
    monkeypatch.setenv("PATHGRAD_CACHE", str(tmp_path / "made" / "here"))
    found = store()
    assert found is not None and found.put(digest("a"), b"c")


def test_a_directory_that_went_away_is_no_error(kept: Store) -> None:
    for place in Path(kept.path).iterdir():
        place.unlink()
    Path(kept.path).rmdir()
    assert kept.get(digest("a")) is None and not kept.put(digest("a"), b"content")


def test_where_the_directory_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATHGRAD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr(sys, "platform", "linux")
    assert directory() == os.path.join("/somewhere", "pathgrad")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert directory() is None and store() is None
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert directory() == "/home/someone/Library/Caches/pathgrad"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert directory() == os.path.join("/local", "pathgrad")


WRITER = """
import sys
from pathgrad.backend.native.process.cache import Store, digest
kept = Store(sys.argv[1])
for k in range(60):
    for name in ("a", "b"):
        found = kept.get(digest(name))
        assert found is None or found == name.encode() * 5000, len(found)
        kept.put(digest(name), name.encode() * 5000)
"""


def test_processes_write_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "shared")]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(p.communicate()[1], p.returncode) for p in running] == [("", 0)] * 3
    assert not list((tmp_path / "shared" / "code").glob("*.tmp"))


# ---- object code -----------------------------------------------------------------------------------------------------
def test_object_code_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pathgrad.backend.native.process.machine as machine

    monkeypatch.setenv("PATHGRAD_CACHE", str(tmp_path))
    compiled = []
    optimised = machine._optimised
    monkeypatch.setattr(machine, "_optimised", lambda *a: compiled.append(a) or optimised(*a))
    codes = [object_code(TEXT, 1, True), object_code(TEXT, 1, True), object_code(TEXT, 1), object_code(TEXT, 2, True)]
    assert len(compiled) == 3 and codes[0] == codes[1]
    monkeypatch.setattr(machine, "versions", lambda: "others")
    object_code(TEXT, 1, True)
    assert len(compiled) == 4


def test_both_linkers_load_the_same_code() -> None:
    import ctypes

    import pathgrad.backend.native.process.machine as machine

    code = object_code(TEXT)
    kept, ours = link(code, "ours", {}, {}, ["twice_cos", "where", "counter"])
    also_kept, theirs = machine._linked_by_llvm(code, "theirs", {}, ["twice_cos", "where", "counter"])
    for found in (ours, theirs):
        function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(found["twice_cos"])
        assert function(0.0) == 2.0
        assert ctypes.CFUNCTYPE(ctypes.c_void_p)(found["where"])() == found["counter"]
        place = ctypes.c_int64.from_address(found["counter"])
        assert place.value == 5
        place.value = 7
    assert kept and also_kept


@pytest.mark.skipif(sys.platform != "linux" or not host()[0].startswith("x86_64"), reason="ELF for x86-64")
def test_the_loader_gives_up_where_it_does_not_know() -> None:
    code = object_code(TEXT)
    known = {"cos": 4096}
    load(code, known.__getitem__, ["where"])
    for wrong in (b"", b"\x7fELF", b"MZ" + code[2:], code[:100], code[:-200], code[:40] + b"\xff" * 24 + code[64:]):
        with pytest.raises(CannotLoad):
            load(wrong, known.__getitem__, ["where"])
    thread_local = object_code("@t = thread_local global i64 1\ndefine ptr @f() {\n  ret ptr @t\n}\n")
    with pytest.raises(CannotLoad):
        load(thread_local, lambda name: 4096, ["f"])


def test_the_linker_goes_to_llvm_where_the_loader_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import pathgrad.backend.native.process.machine as machine

    def give_up(*_: object) -> None:
        raise CannotLoad("another machine")

    monkeypatch.setattr(machine, "load", give_up)
    assert link(object_code(TEXT), "again", {}, {}, ["where"])[1]["where"] > 0


def test_code_depends_on_every_module_of_the_package() -> None:
    import pathgrad
    from pathgrad.backend.native.process.machine import _own_files

    facts = _own_files().splitlines()
    found = {fact.split()[0] for fact in facts}
    assert {"/__init__.py", "/transform/reverse.py", "/backend/native/emit/writer.py", "/ops/record.py"} <= found
    root = Path(pathgrad.__file__).parent
    assert len(facts) == len(list(root.rglob("*.py")))
