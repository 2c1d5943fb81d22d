// Ping-pong on ws: in each pair client 1 sends, the relay passes it on, client 2 sends it back, the
// relay passes that on, and client 1 has it: one round trip. Prints one line of JSON.
//
// node client.mjs URL [--pairs N] [--size BYTES] [--duration S] [--warmup S] [--server-pid PID]

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const { WebSocket } = createRequire(import.meta.url)("ws");

const CONNECTING_MAX = 64; // pairs at a time, so that it is no test of accept queues
const TICK_US = 1e4; // of /proc/PID/stat: USER_HZ is 100 on Linux

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "1" },
    size: { type: "string", default: "32" },
    duration: { type: "string", default: "10" },
    warmup: { type: "string", default: "0" },
    "server-pid": { type: "string" },
  },
});
const [url] = positionals;
const pairs = Number(values.pairs);
const message = Buffer.alloc(Number(values.size), "x");

let isMeasuring = false;
const latenciesMs = [];

function connect(target) {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(target, { perMessageDeflate: false });
    client.once("open", () => resolve(client));
    client.once("error", reject);
  });
}

async function pair(index) {
  const target = pairs === 1 ? url : `${url}?pair=${index}`;
  return Promise.all([connect(target), connect(target)]);
}

function play([first, second]) {
  let began = performance.now();
  for (const client of [first, second]) {
    client.on("close", () => fail("the server has closed a connection"));
  }
  second.on("message", (answer) => second.send(answer));
  first.on("message", (answer) => {
    if (answer.length !== message.length) fail("another message than the one sent");
    const now = performance.now();
    if (isMeasuring) latenciesMs.push(now - began);
    began = now;
    first.send(message);
  });
  first.send(message);
}

function fail(why) {
  console.error(`client: ${why}`);
  process.exit(1);
}

// User and system time of the server so far in microseconds: proc_pid_stat(5).
function serverCpuUs() {
  if (values["server-pid"] === undefined) return null;
  const stat = readFileSync(`/proc/${values["server-pid"]}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1e3));

const connected = [];
for (let index = 0; index < pairs; index += CONNECTING_MAX) {
  const count = Math.min(CONNECTING_MAX, pairs - index);
  connected.push(...(await Promise.all(Array.from({ length: count }, (_, at) => pair(index + at)))));
}
connected.forEach(play);
await sleep(Number(values.warmup));
const cpuUs = serverCpuUs();
const began = performance.now();
isMeasuring = true;
await sleep(Number(values.duration));
isMeasuring = false;
const elapsedMs = performance.now() - began;
const serverUs = cpuUs === null ? null : serverCpuUs() - cpuUs;

const sorted = Float64Array.from(latenciesMs).sort();
// By nearest rank.
const percentileUs = (p) =>
  sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] * 1e3;
console.log(
  JSON.stringify({
    round_trips: sorted.length,
    elapsed_s: elapsedMs / 1e3,
    latency_us: { p50: percentileUs(50), p99: percentileUs(99) },
    server_cpu_us: serverUs,
  }),
);
process.exit(0);
