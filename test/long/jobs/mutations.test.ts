import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

import { MUTATIONS, mutate } from '../../helpers/faults/mutations.ts';

// The chaos suite can fail: it does when a copy of the program lacks one guarantee.
const ROOT = resolve(import.meta.dirname, '../../..');
const MOST_RUNS = 3;

/** @returns whether the short chaos suite is green in a copy of the program */
async function isGreen(copy: string): Promise<boolean> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--config', 'test/vitest.config.ts', '--project', 'chaos'];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore' });
  return new Promise((done) => child.once('exit', (code) => done(code === 0)));
}

async function copyOfProgram(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'sluice-mutation-'));
  for (const part of ['package.json', 'src', 'test', 'client'])
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

test('as it is, the chaos suite is green', async () => {
  const copy = await copyOfProgram();
  expect(await isGreen(copy)).toBe(true);
  await rm(copy, { recursive: true, force: true });
});

test.each(MUTATIONS)('without $without the chaos suite is red', async (mutation) => {
  const copy = await copyOfProgram();
  try {
    await writeFile(join(copy, mutation.file), await mutate(copy, mutation));
    // Some guarantees are needed only when two things meet: not every plan makes them.
    let green = true;
    for (let runs = 0; green && runs < MOST_RUNS; runs++) green = await isGreen(copy);
    expect(green).toBe(false);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
