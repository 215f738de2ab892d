"""Lists a server's tools and calls one, with the Python SDK in both eras.

    clients.py http URL TOOL ARGUMENTS [FILE]     FILE holds the bearer token to send
    clients.py stdio TOOL ARGUMENTS COMMAND...

ARGUMENTS is a JSON object. Prints one line per era; fails if the tool is missing or its call fails.
"""

import asyncio
import json
import pathlib
import shutil
import sys

import httpx2
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

MODES = ("legacy", "2026-07-28", "auto")


def target(arguments):
    """Returns the tool, its arguments, and how to make a connection for each mode."""
    match arguments:
        case ["http", url, tool, values, *token]:
            headers = {}
            if token:
                headers["Authorization"] = f"Bearer {pathlib.Path(token[0]).read_text().strip()}"
            connect = lambda: streamable_http_client(
                url, http_client=httpx2.AsyncClient(headers=headers, timeout=60)
            )
            return tool, json.loads(values), connect
        case ["stdio", tool, values, command, *rest]:
            program = shutil.which(command) or sys.exit(f"no program {command}")
            return tool, json.loads(values), lambda: StdioServerParameters(command=program, args=rest)
        case _:
            sys.exit(__doc__)


async def check(mode, tool, values, connect):
    """Returns what is wrong, or nothing."""
    async with Client(connect(), mode=mode) as client:
        names = [listed.name for listed in (await client.list_tools()).tools]
        if tool not in names:
            return f"no tool {tool} among {len(names)}"
        result = await client.call_tool(tool, values)
        if result.is_error:
            return f"{tool} failed: {result.content}"
    print(f"python sdk, {mode}: {len(names)} tools, {tool} answered")


async def main():
    tool, values, connect = target(sys.argv[1:])
    for mode in MODES:
        problem = await asyncio.wait_for(check(mode, tool, values, connect), timeout=60)
        if problem:
            sys.exit(f"python sdk, {mode}: {problem}")


asyncio.run(main())
