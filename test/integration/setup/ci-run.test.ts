import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../.ci/run', import.meta.url));

let folder: string;
let checkout: string;

/** Makes a checkout of only the script and one file, and an `npm` that logs its commands and folder. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-ci-'));
  checkout = join(folder, 'project/checkout');
  mkdirSync(join(checkout, '.ci'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'tmp'));
  copyFileSync(SCRIPT, join(checkout, '.ci/run'));
  writeFileSync(join(checkout, 'file'), 'committed');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: checkout });
  git('init', '--quiet');
  git('add', '.');
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message', 'all');
  writeFileSync(join(checkout, 'file'), 'not committed');
  const npm = join(folder, 'bin/npm');
  writeFileSync(
    npm,
    `#!/bin/sh
echo "npm $* · $(cat file) · $(ls ..) · \${SLUICE_CORPUS-no corpus}"
cat
[ "$*" != "$FAILS" ]
`,
  );
  chmodSync(npm, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(fails = '', env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', [join(checkout, '.ci/run')], {
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      TMPDIR: join(folder, 'tmp'),
      FAILS: fails,
      ...env,
    },
    input: 'nothing that a test may read',
    encoding: 'utf8',
  });
  const calls = stdout.split('\n').filter((line) => line.startsWith('npm '));
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  return { status, calls, output: stdout + stderr };
}

const WITHOUT_NEIGHBOURS = 'committed · sluice';

test('the script tests the commit in a clone without neighbours, then on the corpus beside the checkout', () => {
  const corpus = join(folder, 'project/shared/corpus');
  mkdirSync(corpus, { recursive: true });
  const { status, output } = run('', { SLUICE_CORPUS: '' });
  expect(status).toBe(0);
  expect(output).not.toContain('nothing that');
  expect(output.slice(output.indexOf('npm '))).toBe(
    `npm run setup:test · ${WITHOUT_NEIGHBOURS} · no corpus\n` +
      `npm test · ${WITHOUT_NEIGHBOURS} · no corpus\n` +
      `npm run test:corpus · ${WITHOUT_NEIGHBOURS} · ${corpus}\n`,
  );
});

test('without a corpus the script still runs its tests, which log the absence', () => {
  const { status, output } = run();
  expect(status).toBe(0);
  expect(output).toContain(`npm run test:corpus · ${WITHOUT_NEIGHBOURS} · no corpus\n`);
});

test.each([
  ['run setup:test', 1],
  ['test', 2],
  ['run test:corpus', 3],
])('a failed npm %s fails all', (fails, called) => {
  const { status, calls } = run(fails);
  expect(status).not.toBe(0);
  expect(calls).toHaveLength(called);
});

test('the script runs the test command of the README', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const [command] = /^npm run setup.* && npm test$/m.exec(readme) ?? [];
  expect(command).toBeDefined();
  expect(readFileSync(SCRIPT, 'utf8')).toContain(`bash -c '${command}'`);
});
