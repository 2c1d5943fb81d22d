"""A relay on Sanic: each message goes to every other client of the same room.

Sanic speaks WebSocket through websockets, and runs on uvloop where that is installed.
"""

from sanic import Sanic
from websockets.exceptions import ConnectionClosed

import relay

rooms = relay.Rooms()
listener = relay.listen()
application = Sanic("relay", configure_logging=False)
application.config.WEBSOCKET_MAX_SIZE = relay.MESSAGE_BYTES_MAX


@application.websocket("/ws")
async def handle(request, client):
    room = request.raw_url
    rooms.enter(room, client)
    try:
        async for message in client:
            for other in rooms.others(room, client):
                await send(other, message)
    finally:
        rooms.leave(room, client)


async def send(other, message):
    try:
        await other.send(message)
    except ConnectionClosed:
        pass  # It has gone, as its own handler will see.


@application.after_server_start
async def announce(application):
    relay.announce(listener)


application.run(sock=listener, single_process=True, access_log=False, motd=False)
