import { expect, test } from 'vitest';

import { ConfigError, loadConfig, parseRoles } from '../../../src/config.ts';

test('the defaults need no environment', () => {
  expect(loadConfig({})).toMatchObject({
    port: 8080,
    host: '127.0.0.1',
    maxUploadBytes: 200 * 1024 * 1024,
    maxRetries: 3,
  });
});

test('every wrong value is named in one error', () => {
  expect(() => loadConfig({ PORT: 'x', REDIS_URL: 'http://a', MAX_RETRIES: '-1' })).toThrow(
    /PORT[\s\S]*REDIS_URL[\s\S]*MAX_RETRIES/,
  );
});

test('a language without OCR data is refused, and the installed ones are named', () => {
  for (const wrong of ['xxx', 'eng,xxx', '../eng', 'ENG'])
    expect(() => loadConfig({ OCR_LANGUAGES: wrong }), wrong).toThrow(
      /OCR_LANGUAGES: must be installed languages[^]*\beng\b[^]*@tesseract\.js-data/,
    );
});

test('a variable that is set to nothing counts as not set', () => {
  expect(loadConfig({ REDIS_URL: '', PORT: '' })).toMatchObject({ redisUrl: undefined, port: 8080 });
});

test('an address that is open to others is refused without a word of consent', () => {
  expect(() => loadConfig({ HOST: '0.0.0.0' })).toThrow(ConfigError);
  expect(loadConfig({ HOST: '0.0.0.0', ALLOW_ANONYMOUS: '1' }).host).toBe('0.0.0.0');
  for (const host of ['127.0.0.2', '::1', 'localhost', '0:0::1', '::ffff:127.0.0.1'])
    expect(loadConfig({ HOST: host }).host).toBe(host);
  expect(loadConfig({ HOST: '[::1]' }).host).toBe('::1');
  for (const host of ['::', '[::]', '::2', '128.0.0.1', '::ffff:10.0.0.1', 'localhost.example'])
    expect(() => loadConfig({ HOST: host }), host).toThrow(ConfigError);
});

test('PUBLIC_URL is an origin with a path', () => {
  const { publicUrl } = loadConfig({ PUBLIC_URL: 'https://example.com/sluice/' });
  expect(publicUrl?.href).toBe('https://example.com/sluice/');
  for (const wrong of [
    'ftp://example.com',
    'https://example.com/?a',
    'https://me:secret@example.com/',
    'sluice',
  ])
    expect(() => loadConfig({ PUBLIC_URL: wrong }), wrong).toThrow(/PUBLIC_URL: must be/);
});

test('roles are told apart, and a word that is none is refused', () => {
  expect(parseRoles([])).toBe('all');
  expect(parseRoles(['api', 'gateway', 'api'])).toEqual(['api', 'gateway']);
  expect(() => parseRoles(['apii'])).toThrow(/no role "apii"/);
});
