"""A person's private key in a file that only that person can read, with a passphrase if wanted."""

import os
import stat
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.signing import SigningKey
from nacl.utils import random as random_bytes

from bot.approvals.keyring import Key, Name

_FILE_BYTES_MAX = 4096


class KeyFile(Struct, frozen=True, forbid_unknown_fields=True):
    """``secret`` is the seed, or with a ``salt`` the seed sealed under a passphrase; base64."""

    person: Name
    public: Key
    secret: Annotated[bytes, Meta(min_length=32, max_length=128)]
    salt: bytes = b""


class KeyUnusable(ValueError):
    """A key file that is missing, readable by others, damaged or sealed."""


def create(path: Path, person: str, passphrase: str) -> str:
    """Make a key, never over an existing file. Returns the public key. Raises KeyUnusable."""
    secret = SigningKey(random_bytes(32))
    public = secret.verify_key.encode().hex()
    seed, salt = secret.encode(), b""
    if passphrase:
        salt = random_bytes(argon2id.SALTBYTES)
        seed = _box(passphrase, salt).encrypt(seed)
    try:
        body = msgspec.json.encode(msgspec.convert(
            {"person": person, "public": public, "secret": seed, "salt": salt}, KeyFile
        ))  # fmt: skip
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}") from None
    except msgspec.MsgspecError:
        raise KeyUnusable(f"{person!a} is no name: letters, digits, _ . - only") from None
    try:
        os.write(handle, body)
        os.fsync(handle)
    finally:
        os.close(handle)
    return public


def read(path: Path) -> KeyFile:
    """Raises KeyUnusable, also for a file that anybody else may read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}") from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
            raise KeyUnusable(f"{path} must be a file that only its owner can read: chmod 600")
        body = os.read(handle, _FILE_BYTES_MAX)
    finally:
        os.close(handle)
    try:
        return msgspec.json.decode(body, type=KeyFile)
    except msgspec.MsgspecError:  # its text could quote the key
        raise KeyUnusable(f"{path} is no key file") from None


def opened(key: KeyFile, passphrase: str) -> SigningKey:
    """The key to sign with. Raises KeyUnusable for a wrong passphrase or a damaged file."""
    try:
        seed = _box(passphrase, key.salt).decrypt(key.secret) if key.salt else key.secret
        secret = SigningKey(seed)
    except (CryptoError, ValueError):
        raise KeyUnusable(f"the key of {key.person} does not open: wrong passphrase?") from None
    if secret.verify_key.encode().hex() != key.public:
        raise KeyUnusable(f"the key file of {key.person} is damaged")
    return secret


def _box(passphrase: str, salt: bytes) -> SecretBox:
    return SecretBox(
        argon2id.kdf(
            SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=argon2id.OPSLIMIT_MODERATE,
            memlimit=argon2id.MEMLIMIT_INTERACTIVE,
        )
    )
