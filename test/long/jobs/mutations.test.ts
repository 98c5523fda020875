import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/**
 * The chaos suite can fail: with a guarantee taken out of a copy of the program, it does. Each mutation is a line of
 * the program's and what stands there instead.
 */
const ROOT = resolve(import.meta.dirname, '../../..');
const MOST_RUNS = 3;

const MUTATIONS: readonly { without: string; file: string; line: string; instead: string }[] = [
  {
    without: 'the token check of progress and complete',
    file: 'src/jobs/transitions/lua/report.lua',
    line: 'if not holds(status, holder, token) then return 0 end',
    instead: '',
  },
  {
    without: 'the switch of the generation',
    file: 'src/jobs/transitions/lua/report.lua',
    line: "'generation', token,",
    instead: "'generation', before[1] or 'none',",
  },
  {
    without: 'the cleanup of dead generations',
    file: 'src/jobs/transitions/lua/due-cleanups.lua',
    line: 'return due\n',
    instead: 'return {}\n',
  },
  {
    without: 'publication by the script',
    file: 'src/jobs/transitions/lua/transition.lua',
    line: "redis.call('PUBLISH', key .. ':events', event)",
    instead: '',
  },
  {
    without: 'the end of leases',
    file: 'src/jobs/transitions/lua/expire-leases.lua',
    line: "redis.call('SET', swept, now_ms())",
    instead: "redis.call('SET', swept, now_ms()) if true then return { 0, 0 } end",
  },
  {
    without: 'the notes of how jobs ended',
    file: 'src/worker/run/job-runner.ts',
    line: 'await blobs.ended.note(fileKey, job.id, end, epoch);',
    instead: 'await blobs.ended.note(fileKey, job.id, end, epoch); await blobs.ended.forget(job.id);',
  },
  {
    without: 'the comparison with Chroma',
    file: 'src/worker/comparison/orphan-chunks.ts',
    line: 'if ((await redis.get(keys.reconciled)) === turn.epoch) return;',
    instead: 'if (turn.epoch) return;',
  },
  {
    without: 'the naming of an epoch',
    file: 'src/jobs/transitions/lua/open-epoch.lua',
    line: 'if not name or went_back or elsewhere then',
    instead: 'if not name then',
  },
];

/** @returns whether the short chaos suite is green in a copy of the program */
async function isGreen(copy: string): Promise<boolean> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--config', 'test/vitest.config.ts', '--project', 'chaos'];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore' });
  return new Promise((done) => child.once('exit', (code) => done(code === 0)));
}

async function mutate(file: string, line: string, instead: string): Promise<void> {
  const source = await readFile(file, 'utf8');
  expect(source.split(line), `${file} has the line once`).toHaveLength(2);
  await writeFile(
    file,
    source.replace(line, () => instead),
  );
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

test.each(MUTATIONS)('without $without the chaos suite is red', async ({ file, line, instead }) => {
  const copy = await copyOfProgram();
  try {
    await mutate(join(copy, file), line, instead);
    // Some guarantees are needed only when two things meet: not every plan makes them.
    let green = true;
    for (let runs = 0; green && runs < MOST_RUNS; runs++) green = await isGreen(copy);
    expect(green).toBe(false);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
