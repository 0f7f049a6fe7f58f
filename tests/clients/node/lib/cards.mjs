// The published sandbox cards, from the simulator's copy of the published tables.
import { readFileSync } from 'node:fs';

const FOLDER = new URL('../../../../crates/simulator/data/', import.meta.url);

function rows(file) {
  const [head, ...lines] = readFileSync(new URL(file, FOLDER), 'utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, at) => [names[at], value])));
}

/** Cards that fail, by scenario: `sale`, `3ds`, `refund`, `pre_post_auth`. */
export function failing(scenario) {
  return rows('test-cards-error.csv').filter((row) => row.scenario === scenario);
}

/** Cards that buy. */
export function buying() {
  return rows('test-cards-success.csv');
}
