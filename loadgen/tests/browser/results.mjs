// Makes two results of the records of one: as if it had been a hundred rounds, and as somebody might
// write them who wants a page to run what they wrote.
//
// Usage: results.mjs RESULT ROUNDS HOSTILE

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROUNDS = 100;
const FIRST_DAY = Date.parse("2026-01-01T00:00:00Z");

/// Each would show in its own way that it was run, or would break the page.
const NAMES = [
  "<script>window.pwned=1</script>",
  "\"'><img src=x onerror=\"window.pwned=2\">",
  "</title></style></script><svg onload=window.pwned=3>",
  "<!--<script>&lt;b&gt;&amp;",
  "\u202egnitar \u2066\u0000\u0007\u001b[31m",
  "long".repeat(2_500),
];

const [result, rounds, hostile] = process.argv.slice(2);

function recordsOf(directory) {
  const names = readdirSync(directory).filter((name) => /\.\d+\.json$/.test(name));
  return names.map((name) => JSON.parse(readFileSync(join(directory, name))));
}

function write(directory, records) {
  mkdirSync(directory);
  for (const [number, record] of records.entries()) {
    writeFileSync(join(directory, `${number}.json`), JSON.stringify(record));
  }
}

// The rounds that there are, over and over, a minute apart.
function repeated(records) {
  const last = Math.max(...records.map((record) => record.bench.round));
  const copies = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const from = ((round - 1) % last) + 1;
    for (const [position, record] of records.filter((it) => it.bench.round === from).entries()) {
      const at = new Date(FIRST_DAY + round * 60_000 + position * 1_000).toISOString();
      const bench = { ...record.bench, round };
      copies.push({ ...record, bench, id: `${round}-${position}`, started_at: at });
    }
  }
  return copies;
}

// A name in each place where there is one, the next in the next.
function renamed(records) {
  const names = new Map();
  const another = (name) => {
    if (!names.has(name)) names.set(name, NAMES[names.size % NAMES.length] + names.size);
    return names.get(name);
  };
  return records.map((record) => {
    const copy = structuredClone(record);
    copy.bench.scenario = another(record.bench.scenario);
    copy.bench.server = another(record.bench.server);
    copy.bench.plan = NAMES[0];
    copy.server.label = copy.bench.server;
    copy.server.model = NAMES[2];
    copy.target.url = `http://127.0.0.1/${NAMES[0]}`;
    copy.target.server = NAMES[1];
    copy.tool.version = NAMES[1];
    copy.tool.argv = NAMES;
    copy.environment.cpu_model = NAMES[5];
    copy.environment.kernel = NAMES[2];
    copy.environment.os = NAMES[4];
    copy.plan.headers = NAMES;
    copy.validity = { ...record.validity, reasons: [...record.validity.reasons, doubt] };
    return copy;
  });
}

const doubt = { code: "debug_build", severity: "note", message: NAMES[1], advice: NAMES[0] };
const records = recordsOf(result);
write(rounds, repeated(records));
write(hostile, renamed(records));
