"""A real SMTP server that keeps every letter it is given.

Usage: /usr/bin/python3 catcher.py FOLDER PORT      (PORT 0: any free one)

Prints the port it listens on, then runs until standard input closes. Each letter becomes
NNNN.eml (the bytes as received) and NNNN.json (envelope, headers and bodies decoded by Python's
own `email` package, so that what lettre wrote is read back by another implementation). The json
file appears last and whole: who sees it may read both.
"""

import asyncio
import email
import email.policy
import json
import os
import sys
import threading

from aiosmtpd.smtp import SMTP


class Catcher:
    """Writes letters into a folder, numbered in order of arrival."""

    def __init__(self, folder):
        self.folder = folder
        self.count = sum(name.endswith(".json") for name in os.listdir(folder))

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        name = os.path.join(self.folder, f"{self.count:04}")
        with open(name + ".eml", "wb") as file:
            file.write(envelope.content)
        letter = decode(envelope.content)
        letter["sender"] = envelope.mail_from
        letter["recipients"] = envelope.rcpt_tos
        with open(name + ".part", "w", encoding="utf-8") as file:
            json.dump(letter, file, ensure_ascii=False)
        os.rename(name + ".part", name + ".json")
        return "250 OK"


def decode(content):
    """The headers and bodies of one letter, as text."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    return {
        "headers": [[key, str(value)] for key, value in message.items()],
        "text": body(message, "plain"),
        "html": body(message, "html"),
    }


def body(message, kind):
    """The decoded body of one kind, or None; line ends as in a text file."""
    part = message.get_body(preferencelist=(kind,))
    return None if part is None else part.get_content().replace("\r\n", "\n")


def leave_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


async def serve(folder, port):
    catcher = Catcher(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(catcher, enable_SMTPUTF8=True, hostname="localhost", loop=loop),
        host="127.0.0.1",
        port=port,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=leave_with_parent, daemon=True).start()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
