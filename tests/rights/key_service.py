"""A key service in a process of its own, as a double of what a cloud offers: it knows contexts, refuses, and hangs."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Client, Listener

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ADDRESS, MODE = "TEST_KEY_SERVICE", "TEST_KEY_SERVICE_MODE"  # where it listens; a file that says how it behaves


class FarKeys:
    """What LEDGER_KEK_CALLBACK names: the near end."""

    def name(self) -> bytes:
        return b"arn:far:key/1"

    def wrap(self, key: bytes, context: Mapping[str, str]) -> bytes:
        return self._ask("wrap", key, context)

    def unwrap(self, blob: bytes, context: Mapping[str, str]) -> bytes:
        from rights.sealing import Unreadable

        answer = self._ask("unwrap", blob, context)
        if answer == b"":
            raise Unreadable
        return answer

    def _ask(self, what: str, blob: bytes, context: Mapping[str, str]) -> bytes:
        with Client(os.environ[ADDRESS], family="AF_UNIX") as far:
            far.send((what, blob, sorted(context.items())))
            answer = far.recv()
        if not isinstance(answer, bytes):
            raise PermissionError(answer)
        return answer


def serve(address: str, mode: str) -> None:
    """The far end."""
    key = AESGCM(secrets.token_bytes(32))
    with Listener(address, family="AF_UNIX") as listener:
        while True:
            with listener.accept() as near:
                what, blob, context = near.recv()
                with open(mode) as said:  # noqa: PTH123
                    behaves = said.read()
                if behaves == "hang":
                    time.sleep(60)
                bound = repr(context).encode()
                if behaves == "refuse":
                    near.send(f"AccessDenied for {blob!r}")
                elif what == "wrap":
                    nonce = secrets.token_bytes(12)
                    near.send(nonce + key.encrypt(nonce, blob, bound))
                else:
                    try:
                        near.send(key.decrypt(blob[:12], blob[12:], bound))
                    except InvalidTag:
                        near.send(b"")


if __name__ == "__main__":
    serve(*sys.argv[1:])
