"""A relay on websockets: each message goes to every other client of the same room."""

from websockets.asyncio.server import broadcast, serve
from websockets.exceptions import ConnectionClosed

import relay

rooms = relay.Rooms()


async def handle(client):
    room = client.request.path
    rooms.enter(room, client)
    try:
        async for message in client:
            broadcast(rooms.others(room, client), message)
    except ConnectionClosed:
        pass
    finally:
        rooms.leave(room, client)


def start(listener):
    return serve(handle, sock=listener, compression=None, max_size=relay.MESSAGE_BYTES_MAX)


relay.serve(start)
