"""Ping-pong on aiohttp."""

from aiohttp import ClientSession, TCPConnector

import pingpong

session = None


async def connect(url):
    global session
    # It belongs to the loop that runs. Its limit on connections is 100 unless told otherwise.
    session = session or ClientSession(connector=TCPConnector(limit=0))
    client = await session.ws_connect(url, compress=0)
    return client.send_bytes, client.receive_bytes


pingpong.run(connect)
