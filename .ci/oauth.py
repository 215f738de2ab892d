"""Signs in to a running server as other people's clients do, and calls a tool.

    oauth.py keys PRIVATE PUBLIC
    oauth.py sign-in URL SETUP_URL SECRET_CLIENT KEY_CLIENT PRIVATE

The Python SDK finds the authorization server, registers, and gets a person's consent; the person is
a script that makes the first account at SETUP_URL and answers the page. FastMCP gets tokens in a
program's own name: SECRET_CLIENT and KEY_CLIENT are what `clients create --json` printed for a
client with a secret and for one that signs with the private key in the file PRIVATE. `keys` makes
that key, and its public half as a JSON Web Key.
"""

import asyncio
import html
import json
import pathlib
import re
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastmcp import Client as FastClient
from fastmcp.client.auth import ClientCredentialsOAuthProvider, PrivateKeyJWTOAuthProvider
from jwt.algorithms import ECAlgorithm
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import SignedJWTParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

CALLBACK = "http://127.0.0.1:53682/callback"
TOOL = "infra_list", {"resource_type": "tharsis.group"}


class Person:
    """Somebody with a browser: keeps cookies, reads pages, sends their forms."""

    def __init__(self):
        self.browser = httpx2.AsyncClient(timeout=60)
        self.returned = None

    async def send(self, page, **fields):
        form = re.search(r'<form method="post" action="([^"]+)"', page.text)
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        data = {name: html.unescape(value) for name, value in hidden} | fields
        return await self.browser.post(str(page.url.join(html.unescape(form[1]))), data=data)

    async def set_up(self, setup_url):
        page = await self.browser.get(setup_url)
        done = await self.send(page, name="kim", password="a long enough password")
        assert done.status_code == 303, done.text

    async def visit(self, url):
        """What a client opens a browser for."""
        page = await self.browser.get(url)
        assert page.status_code == 200, (page.status_code, page.text)
        assert "python sdk" in page.text, page.text
        answer = await self.send(page, answer="allow")
        self.returned = answer.headers["location"]
        assert self.returned.startswith(CALLBACK), self.returned

    async def came_back(self):
        values = {name: found[0] for name, found in parse_qs(urlsplit(self.returned).query).items()}
        return AuthorizationCodeResult(**{name: values[name] for name in ("code", "state", "iss")})


class Memory:
    """Holds what the SDK wants to keep."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def with_person(url, setup_url):
    person, memory = Person(), Memory()
    await person.set_up(setup_url)
    metadata = OAuthClientMetadata(client_name="python sdk", redirect_uris=[CALLBACK])
    auth = OAuthClientProvider(url, metadata, memory, person.visit, person.came_back)
    http = httpx2.AsyncClient(auth=auth, timeout=60)
    async with Client(streamable_http_client(url, http_client=http), mode="auto") as client:
        tool, arguments = TOOL
        result = await client.call_tool(tool, arguments)
        assert not result.is_error, result.content
    assert memory.client and memory.tokens.refresh_token, memory.tokens
    print(f"python sdk, consent: {TOOL[0]} answered")


async def in_its_own_name(name, url, auth):
    async with FastClient(url, auth=auth) as client:
        tool, arguments = TOOL
        await client.call_tool(tool, arguments)
    print(f"fastmcp, {name}: {tool} answered")


def make_keys(private, public):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pathlib.Path(private).write_bytes(pem)
    pathlib.Path(public).write_text(ECAlgorithm.to_jwk(key.public_key()))


async def sign_in(url, setup_url, secret_client, key_client, key):
    await with_person(url, setup_url)

    made = json.loads(pathlib.Path(secret_client).read_text())
    for method in ("client_secret_basic", "client_secret_post"):
        auth = ClientCredentialsOAuthProvider(
            client_id=made["client_id"],
            client_secret=made["client_secret"],
            token_endpoint_auth_method=method,
        )
        await in_its_own_name(method, url, auth)

    made = json.loads(pathlib.Path(key_client).read_text())
    signer = SignedJWTParameters(
        issuer=made["client_id"],
        subject=made["client_id"],
        signing_key=pathlib.Path(key).read_text(),
        signing_algorithm="ES256",
    )
    auth = PrivateKeyJWTOAuthProvider(
        client_id=made["client_id"], assertion_provider=signer.create_assertion_provider()
    )
    await in_its_own_name("private_key_jwt", url, auth)


match sys.argv[1:]:
    case ["keys", private, public]:
        make_keys(private, public)
    case ["sign-in", *arguments] if len(arguments) == 5:
        asyncio.run(sign_in(*arguments))
    case _:
        sys.exit(__doc__)
