import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
/** Path of a native add-on that the tests install anyway. */
const ADDON = createRequire(createRequire(import.meta.resolve('vite')).resolve('rolldown')).resolve(
  `@rolldown/binding-${process.platform}-${process.arch}-gnu`,
);
const SOURCE = new URL('../../../src/setup/strip-addon.mjs', import.meta.url).href;

let folder: string;
let addon: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-strip-'));
  addon = join(folder, 'addon.node');
  await copyFile(ADDON, addon);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs in a process of its own, because a loaded add-on stays loaded. */
function inNode(code: string): Promise<string> {
  const script = `import { stripAddon } from ${JSON.stringify(SOURCE)};
import { createRequire } from 'node:module';
const addon = ${JSON.stringify(addon)};
${code}`;
  return run(process.execPath, ['--input-type=module', '-e', script]).then(({ stdout }) => stdout.trim());
}

test('an add-on is smaller without its debug symbols, and exports the same', async () => {
  const before = statSync(addon).size;
  const names = 'console.log(Object.keys(createRequire(addon)(addon)).join())';
  const exported = await inNode(names);
  const saved = Number(await inNode('console.log(stripAddon(addon))'));
  expect(saved).toBeGreaterThan(0);
  expect(statSync(addon).size).toBe(before - saved);
  expect(await inNode(names)).toBe(exported);
  expect(exported.length).toBeGreaterThan(0);
  expect(await inNode('console.log(stripAddon(addon))')).toBe('0');
});

/** Faults: one file is truncated, the other is for an unknown machine. */
const spoil = {
  'is cut off': () => truncateSync(addon, 1_000_000),
  'does not load': () => writeFileSync(addon, readFileSync(addon).fill(0xff, 0x12, 0x14)),
};

test.each(Object.entries(spoil))('an add-on that %s stays as it is', async (_, spoilAddon) => {
  spoilAddon();
  const before = readFileSync(addon);
  await expect(inNode('stripAddon(addon)')).rejects.toThrow();
  expect(readFileSync(addon).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(['addon.node']);
});
