// What axe finds: names, roles, contrasts, what a keyboard cannot reach.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function judge(page) {
  // What is folded is not looked at otherwise.
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, help, nodes }) => `${id}, ${help}: ${nodes.length} times, such as ${nodes[0].html.slice(0, 160)}`);
}
