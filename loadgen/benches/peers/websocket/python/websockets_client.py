"""Ping-pong on websockets."""

from websockets.asyncio.client import connect as websockets_connect

import pingpong


async def connect(url):
    client = await websockets_connect(url, compression=None)
    return client.send, client.recv


pingpong.run(connect)
