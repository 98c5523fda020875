import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { permissionFlags } from '../../../src/processor/pool/child-fence.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'fence-'));
const folder = mkdtempSync(join(dataDir, 'uploads-'));
writeFileSync(join(folder, 'document'), 'a document');
writeFileSync(join(dataDir, 'secret'), 'a secret');
afterAll(() => rmSync(dataDir, { recursive: true }));

/** Runs a script behind the fence. @returns what it prints; the code of its error */
function run(script: string): string {
  const flags = permissionFlags({ command: [], folder });
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', script], { env: {} });
  return stdout.toString() || (/code: '(\w+)'/.exec(stderr.toString())?.[1] ?? stderr.toString());
}

const read = (path: string) => run(`console.log(require('node:fs').readFileSync('${path}', 'utf8'))`);

test("a child's JavaScript reads its document and the program, and nothing else", () => {
  expect(read(join(folder, 'document'))).toBe('a document\n');
  expect(read(join(import.meta.dirname, '../../../src/config.ts'))).toContain('EnvironmentSchema');
  const cmap = join(import.meta.dirname, '../../../client/dist/pdf/cmaps/UniJIS-UCS2-V.bcmap');
  expect(read(cmap)).not.toMatch(/^ERR_/);
  for (const path of [join(dataDir, 'secret'), `/proc/${process.pid}/environ`, '/etc/passwd'])
    expect(read(path), path).toBe('ERR_ACCESS_DENIED');
});

test.each([
  ['writes', `require('node:fs').writeFileSync('${join(folder, 'new')}', '')`],
  ['starts a process', "require('node:child_process').execSync('true')"],
  ['starts a thread', "new (require('node:worker_threads').Worker)('1', { eval: true })"],
])('nothing in a child %s', (_does, script) => {
  expect(run(script)).toBe('ERR_ACCESS_DENIED');
});
