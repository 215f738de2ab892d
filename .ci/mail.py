"""A mail server of somebody else's gets the notice that a service account's secret ends soon.

    mail.py PROGRAM

Needs aiosmtpd, an SMTP server. Everything stays on loopback and in a temporary folder.
"""

import asyncio
import email
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request

from aiosmtpd.smtp import SMTP

PATIENCE = 30  # Seconds that a start or a mail may take.
VERSION = "2026-07-28"
META = "io.modelcontextprotocol/"


class Mailbox:
    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.put(envelope)
        return "250 taken"

    def listen(self):
        """Takes mails on a thread of its own, as long as the program runs; gives the port."""
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        protocol = lambda: SMTP(self, loop=loop)
        serving = loop.create_server(protocol, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(serving, loop).result(PATIENCE)
        return server.sockets[0].getsockname()[1]


class Server:
    """`serve` over `data`, until the end of a `with`."""

    def __init__(self, program, data, port):
        settings = {
            "PATH": os.environ["PATH"],
            "PILOTHOUSE_AUTO_APPROVE": "all",
            "PILOTHOUSE_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "PILOTHOUSE_MAIL_FROM": "pilothouse@example.com",
            "PILOTHOUSE_MAIL_TO": "ops@example.com,jo@example.com",
        }
        command = [program, "serve", "--listen", "127.0.0.1:0", "--data", str(data)]
        self.process = subprocess.Popen(command, env=settings, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        for line in self.process.stderr:
            if '"Pilothouse serves"' in line:
                return json.loads(line)["url"]
        self.__exit__()
        raise SystemExit("the server did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)


def make_group(url, token):
    arguments = {"resource_type": "tharsis.group", "body": {"name": "acme"}}
    meta = {f"{META}protocolVersion": VERSION, f"{META}clientCapabilities": {}}
    params = {"name": "infra_create", "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": VERSION,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "infra_create",
    }
    request = urllib.request.Request(f"{url}/mcp", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        result = json.load(answer)["result"]
    assert not result.get("isError"), result


def main(program):
    mailbox = Mailbox()
    port = mailbox.listen()
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        with Server(program, data, port) as url:
            make_group(url, (data / "admin.token").read_text().strip())
        assert mailbox.mails.empty(), "nothing ends yet"
        create = ["accounts", "service", "create", "acme/ci", "--days", "2"]
        subprocess.run([program, "--data", data, *create], check=True, stdout=subprocess.DEVNULL)
        # A server looks when it starts, and once is enough.
        for expected in (1, 0):
            with Server(program, data, port):
                if expected:
                    envelope = mailbox.mails.get(timeout=PATIENCE)
            assert mailbox.mails.empty(), "the notice was given twice"
    assert envelope.mail_from == "pilothouse@example.com", envelope.mail_from
    assert sorted(envelope.rcpt_tos) == ["jo@example.com", "ops@example.com"], envelope.rcpt_tos
    mail = email.message_from_bytes(envelope.content)
    text = mail.get_payload(decode=True).decode()
    assert "acme/ci" in mail["Subject"] and "expires" in mail["Subject"], mail["Subject"]
    assert "pilothouse accounts service rotate acme/ci" in text, text
    print("aiosmtpd: the notice of a secret that ends arrived once")


if __name__ == "__main__":
    main(*sys.argv[1:])
