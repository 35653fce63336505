"""What is kept on disk between processes (floor 4).

A `Store` keeps bytes under keys that are digests of everything that the bytes were made from, so nothing in it is ever
out of date. What a file holds is used only if this user wrote it: the directory belongs to the user alone, and each
file carries a keyed digest (BLAKE2b) of its key and content under a secret that lies beside it. Whatever is wrong with
the directory or a file, the answer is "nothing kept", and the caller makes the content again.

Files are written under another name and then renamed, so readers in other processes see a whole file or none.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import os
import secrets
import stat
import sys
import time

__all__ = ["Store", "digest", "directory", "store"]

_MAGIC = b"pathgrad cache 1"
_DIGEST = 32
_LIMIT = 512 * 2**20
#: Seconds after which a use of a file is noted again.
_NOTED = 600.0
#: Seconds after which a temporary file was left by a process that ended.
_ABANDONED = 3600.0


def digest(*parts: bytes | str) -> str:
    """A key for content that is made from these parts.

    Examples
    --------
    >>> digest("a", "bc") == digest("ab", "c")
    False
    """
    whole = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little"))
        whole.update(data)
    return whole.hexdigest()


def directory() -> str | None:
    """Where things are kept: ``$PATHGRAD_CACHE``, or the user's directory for caches; None where there is no home."""
    own = os.environ.get("PATHGRAD_CACHE")
    if own:
        return os.path.abspath(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "pathgrad") if os.path.isabs(base) else None


@functools.lru_cache(maxsize=4)
def _opened(path: str) -> Store | None:
    try:
        return Store(path)
    except OSError:
        return None


def store() -> Store | None:
    """The store of this user; None where there is no directory that only this user can write."""
    path = directory()
    return None if path is None else _opened(path)


class Store:
    """Bytes by key, in a directory.

    Parameters
    ----------
    path : str
        The directory; made if it does not exist, with one inside it that only the user can read.
    limit : int
        How many bytes may be kept; beyond them, what was used longest ago is dropped.

    Raises
    ------
    OSError
        The directory cannot be made, or others could write into it.
    """

    def __init__(self, path: str, limit: int = _LIMIT) -> None:
        os.makedirs(path, mode=0o700, exist_ok=True)
        self.path = os.path.join(path, "code")
        self.limit = limit
        self._unchecked = limit
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.path, 0o700)
        found = os.lstat(self.path)
        if not stat.S_ISDIR(found.st_mode) or not _is_private(found, 0o022):
            raise PermissionError(f"{self.path} is not a directory that only its owner can write")
        self._secret = self._own_secret()

    def get(self, key: str) -> bytes | None:
        """What is kept under a key; None if that is nothing, or nothing that this user wrote whole."""
        try:
            content, found = _read(self._place(key), self.limit)
        except (OSError, ValueError):
            return None
        start = len(_MAGIC) + _DIGEST
        body = content[start:]
        if not hmac.compare_digest(content[:start], self._head(key, body)):
            return None
        if time.time() - found.st_mtime > _NOTED:
            with contextlib.suppress(OSError):
                os.utime(self._place(key))
        return body

    def put(self, key: str, content: bytes) -> bool:
        """Keep content under a key; False where that fails."""
        try:
            self._write(self._place(key), self._head(key, content) + content)
            self._unchecked += len(content)
            if self._unchecked > self.limit // 16:
                self._trim()
                self._unchecked = 0
        except OSError:
            return False
        return True

    # ---- files -------------------------------------------------------------------------------------------------------
    def _place(self, key: str) -> str:
        return os.path.join(self.path, f"{key}.bin")

    def _head(self, key: str, content: bytes) -> bytes:
        proof = hashlib.blake2b(_MAGIC, key=self._secret, digest_size=_DIGEST)
        proof.update(key.encode())
        proof.update(b"\n")
        proof.update(content)
        return _MAGIC + proof.digest()

    def _write(self, place: str, content: bytes) -> None:
        temporary = os.path.join(self.path, f"{secrets.token_hex(8)}.tmp")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, place)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _own_secret(self) -> bytes:
        place = os.path.join(self.path, "secret")
        for _ in range(3):
            with contextlib.suppress(OSError, ValueError):
                content, found = _read(place, _DIGEST)
                if len(content) == _DIGEST and _is_private(found, 0o077):
                    return content
            # two processes may write one each: both read what came last
            self._write(place, secrets.token_bytes(_DIGEST))
        raise PermissionError(f"{place} cannot be kept from others")

    def _trim(self) -> None:
        """Drop what was used longest ago, and what processes that ended left behind."""
        kept: list[tuple[float, int, str]] = []
        now = time.time()
        with os.scandir(self.path) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(".bin"):
                        kept.append((found.st_mtime, found.st_size, entry.path))
                    elif entry.name.endswith(".tmp") and now - found.st_mtime > _ABANDONED:
                        os.unlink(entry.path)
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self.limit:
                break
            total -= size
            with contextlib.suppress(OSError):
                os.unlink(path)


def _read(place: str, most: int) -> tuple[bytes, os.stat_result]:
    """The content of a regular file that is this user's own."""
    handle = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most or not _is_private(found, 0o022):
            raise ValueError(f"{place} is no file that this user wrote")
        return file.read(), found


def _is_private(found: os.stat_result, others: int) -> bool:
    """Whether something belongs to this user, without these permissions of others."""
    return os.name != "posix" or (found.st_uid == os.geteuid() and not found.st_mode & others)
