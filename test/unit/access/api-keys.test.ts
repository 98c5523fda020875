import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { Keyring } from '../../../src/access/keyring.ts';
import { isAllowed, keyPrincipal, SCOPES, type Scope } from '../../../src/access/principal.ts';
import { loadConfig } from '../../../src/config.ts';
import { makeKey } from '../../helpers/clients/api-keys.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));
const reader = makeKey('reader', ['read']);
const writer = makeKey('writer', ['upload'], '2999-01-01T00:00:00Z');

test('a scope allows itself, admin allows all, and a job token reads its job alone', () => {
  for (const has of SCOPES)
    for (const needs of SCOPES) {
      const allowed = isAllowed(keyPrincipal('k', [has]), needs);
      expect([has, needs, allowed]).toEqual([has, needs, has === needs || has === 'admin']);
    }
  const ofJob = { ...keyPrincipal('k', []), job: 'a' };
  const may = (scope: Scope, job?: string) => isAllowed(ofJob, scope, job);
  expect([may('read', 'a'), may('read', 'b'), may('read'), may('upload', 'a'), may('admin', 'a')]).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('keys come from JSON or from a file, and let HOST be open to others', () => {
  const keys = JSON.stringify([reader.entry, writer.entry]);
  expect(loadConfig({ API_KEYS: keys, HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
  const file = join(folder, 'some.json');
  writeFileSync(file, keys);
  expect(new Keyring(file, quietLogger()).find(writer.token)).toMatchObject({
    keyId: 'writer',
    scopes: ['upload'],
  });
});

test.each<[string, unknown]>([
  ['a sha256 that is none', [{ ...reader.entry, sha256: 'abc' }]],
  ['a token in place of its digest', [{ ...reader.entry, sha256: reader.token }]],
  ['an unknown scope', [{ ...reader.entry, scopes: ['write'] }]],
  ['no scope', [{ ...reader.entry, scopes: [] }]],
  ['an unknown field', [{ ...reader.entry, expires: '2027-01-01' }]],
  ['no name', [{ ...reader.entry, name: undefined }]],
  ['a name that is taken', [{ ...reader.entry, name: 'anonymous' }]],
  ['a time that is none', [{ ...reader.entry, expires_at: 'tomorrow' }]],
  ['two of one name', [reader.entry, { ...writer.entry, name: 'reader' }]],
  ['two of one digest', [reader.entry, { ...reader.entry, name: 'other' }]],
  ['no key', []],
])('API_KEYS with %s is refused at start, and its error quotes no digest', (_, keys) => {
  let message = '';
  try {
    loadConfig({ API_KEYS: JSON.stringify(keys) });
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain('API_KEYS: ');
  expect(message).not.toContain(reader.token);
  expect(message).not.toContain(reader.entry.sha256);
});

test('a file that is missing or no JSON is refused at start', () => {
  expect(() => loadConfig({ API_KEYS: join(folder, 'missing.json') })).toThrow(/API_KEYS.*ENOENT/s);
  writeFileSync(join(folder, 'broken.json'), `[${reader.token}`);
  expect(() => loadConfig({ API_KEYS: join(folder, 'broken.json') })).toThrow(/API_KEYS: is no JSON/);
});

test('a file is read again: keys that stay the same keep their principal, and a broken file changes nothing', () => {
  const file = join(folder, 'changing.json');
  writeFileSync(file, JSON.stringify([reader.entry, writer.entry]));
  const logger = quietLogger();
  const keyring = new Keyring(file, logger);
  const before = keyring.find(reader.token);
  writeFileSync(file, JSON.stringify([reader.entry]));
  keyring.reload();
  expect(keyring.find(reader.token)).toBe(before);
  expect(keyring.find(writer.token)).toBeUndefined();
  writeFileSync(file, 'broken');
  keyring.reload();
  expect(keyring.find(reader.token)).toBe(before);
  expect(logger.lines.at(-1)).toContain('the former keys stay valid');
  writeFileSync(file, JSON.stringify([{ ...reader.entry, scopes: ['admin'] }]));
  keyring.reload();
  expect(keyring.find(reader.token)).not.toBe(before);
});
