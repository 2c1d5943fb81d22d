"""Takes TLS off: passes on what comes in the clear to a server over TLS, and back.

Usage: tls_tunnel.py HOST:PORT; says where it listens.
"""

import asyncio
import ssl
import sys

CHUNK_BYTES = 64 << 10


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    # The server's certificate is its own, made at its start.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    async def connect(client_reader, client_writer):
        try:
            reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
            await asyncio.gather(copy(client_reader, writer), copy(reader, client_writer))
        except OSError:
            client_writer.transport.abort()

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print("listening on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def copy(reader, writer):
    """Until the end of the one, which becomes the end of the other: TLS knows no half of it."""
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


asyncio.run(main())
