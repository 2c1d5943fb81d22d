"""A relay on aiohttp: each message goes to every other client of the same room."""

from aiohttp import WSMsgType, web

import relay

rooms = relay.Rooms()


async def handle(request):
    client = web.WebSocketResponse(compress=False, max_msg_size=relay.MESSAGE_BYTES_MAX)
    await client.prepare(request)
    room = request.path_qs
    rooms.enter(room, client)
    try:
        async for message in client:
            for other in rooms.others(room, client):
                await send(other, message)
    finally:
        rooms.leave(room, client)
    return client


async def send(other, message):
    try:
        if message.type is WSMsgType.TEXT:
            await other.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await other.send_bytes(message.data)
    except ConnectionResetError:
        pass  # It has gone, as its own handler will see.


async def start(listener):
    application = web.Application()
    application.router.add_get("/ws", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=relay.BACKLOG).start()
    return runner


relay.serve(start)
