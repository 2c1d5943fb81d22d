// A relay on ws: each message goes to every other client of the same room, which is the request's
// target as written. No compression (the library's default), no delay on its sockets (likewise).

import { createRequire } from "node:module";

// require looks in NODE_PATH, where ws is installed; import does not.
const { WebSocketServer, WebSocket } = createRequire(import.meta.url)("ws");

const rooms = new Map();

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  backlog: 4096,
  maxPayload: 16 << 20,
});

server.on("connection", (client, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(client));
  client.on("message", (message, isBinary) => {
    for (const other of room) {
      if (other !== client && other.readyState === WebSocket.OPEN) {
        other.send(message, { binary: isBinary });
      }
    }
  });
  client.on("error", () => {}); // a close follows
  client.on("close", () => {
    room.delete(client);
    if (room.size === 0 && rooms.get(request.url) === room) rooms.delete(request.url);
  });
});

server.on("listening", () => console.log(`listening on ${server.address().port}`));
