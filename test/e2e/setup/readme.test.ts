import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

import { useSluice } from '../../helpers/servers/use.ts';

const ROOT = join(import.meta.dirname, '../../..');
const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;
/** Values that differ on every run. */
const VARYING = new Set([
  'created_at',
  'updated_at',
  'processing_time_ms',
  'score',
  'vector_score',
  'keyword_score',
]);
/** Values of a job that has not ended. They depend on the moment, too. */
const MOVING = new Set([...VARYING, 'status', 'progress', 'message', 'version', 'fraction']);
/** Characters with a meaning in a regular expression. */
const SPECIAL = /[.*+?^${}()|[\]\\]/g;

interface Step {
  command: string;
  output: string[];
}

/** Reads the commands of the README's walk-through, each with the output that it shows. */
function walkThrough(): Step[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, block = ''] = /^```console\n([\s\S]*?)^```/m.exec(readme) ?? [];
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.trimEnd().split('\n');
      return { command, output };
    });
}

/** Reads a line of output as JSON. `,…` leaves out members of an object. */
function parse(line: string): Record<string, unknown> {
  return JSON.parse(line.replace(/^data: /, '').replaceAll(',…', '')) as Record<string, unknown>;
}

/** Turns a shown value into what the output must match: fields may be left out, and `…` stands for any text. */
function expected(shown: unknown, skipped: ReadonlySet<string>): unknown {
  if (typeof shown === 'string')
    return expect.stringMatching(new RegExp(`^${shown.split('…').map(escaped).join('[\\s\\S]*')}$`));
  if (Array.isArray(shown)) return shown.map((value) => expected(value, skipped));
  if (typeof shown !== 'object' || shown === null) return shown;
  const members = Object.entries(shown).map(([name, value]) => [
    name,
    skipped.has(name) ? expect.any(value.constructor) : expected(value, skipped),
  ]);
  return expect.objectContaining(Object.fromEntries(members));
}

function escaped(text: string): string {
  return text.replace(SPECIAL, String.raw`\$&`);
}

function hasEnded(line: string): boolean {
  return line.includes('"status":"completed"');
}

const sluice = useSluice();

test('the commands of the README print what it shows', async () => {
  const steps = walkThrough();
  expect(steps.map(({ command }) => /upload|events|jobs|search/.exec(command)?.[0])).toEqual([
    'upload',
    'jobs',
    'jobs',
    'search',
    'search',
    'upload',
  ]);
  const ids = new Set(steps.flatMap(({ command, output }) => [command, ...output].join().match(UUID) ?? []));
  expect(ids.size).toBe(1);
  const [shownId = ''] = ids;

  let id = shownId;
  for (const { command, output } of steps) {
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', command.replaceAll('localhost:8080', sluice.url).replaceAll(shownId, id)],
      { cwd: ROOT },
    );
    const printed = stdout.trimEnd().split('\n').map(parse);
    if (id === shownId) id = String(printed[0]?.['job_id']);
    for (const line of output) {
      const skipped = command.includes('/jobs/') && !hasEnded(line) ? MOVING : VARYING;
      const shown = parse(line.replaceAll(shownId, id));
      expect(printed, `${command}\nprints no more:\n${line}`).toContainEqual(expected(shown, skipped));
    }
  }
});
