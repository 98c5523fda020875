import { readdir, readFile } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { request } from 'undici';
import { expect, test } from 'vitest';

import { useSluice } from '../../helpers/servers/use.ts';

/** Largest first load, in bytes with gzip. */
const LARGEST_LOAD = 100_000;
const DIST = new URL('../../../client/dist/', import.meta.url);

const sluice = useSluice();

/** Requests a file as it is sent, without decompressing it. */
async function get(path: string, headers: Record<string, string> = {}) {
  const response = await request(new URL(path, sluice.url), { headers });
  return { ...response, bytes: Buffer.from(await response.body.arrayBuffer()) };
}

async function page(): Promise<string> {
  return readFile(new URL('index.html', DIST), 'utf8');
}

/** Files that the page names: its script and its style sheet. */
async function assets(): Promise<string[]> {
  return [...(await page()).matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path = '']) => path);
}

test('the page comes with a policy that lets nothing foreign in', async () => {
  const { headers, bytes } = await get('/');
  expect(headers['content-security-policy']).toContain(`default-src 'self'`);
  expect(headers['content-security-policy']).not.toMatch(/unsafe/);
  expect(bytes.toString()).toBe(await page());
  expect(bytes.toString()).not.toMatch(/https?:\/\/|<style|<script(?![^>]*src=)| style=| on\w+=/);
});

test('the first load is small', async () => {
  const names = await assets();
  expect(names.length).toBeGreaterThanOrEqual(2);
  const files = await Promise.all(['index.html', ...names].map((name) => readFile(new URL(name, DIST))));
  const size = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
  expect(size).toBeLessThan(LARGEST_LOAD);
});

test('an asset stays in the browser for good, and the page is asked for each time', async () => {
  const [asset = ''] = await assets();
  expect((await get(asset)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
  for (const path of ['/', '/index.html', '/docs', '/sluice.js', '/icon.svg']) {
    const { headers } = await get(path);
    expect([path, headers['cache-control']]).toEqual([path, 'no-cache']);
    const again = await get(path, { 'if-none-match': headers['etag'] as string });
    expect([path, again.statusCode, again.headers['cache-control']]).toEqual([path, 304, 'no-cache']);
  }
  expect((await get('/assets/gone.js')).headers['cache-control']).toBeUndefined();
});

test('a request for a part gets the whole file, with the one tag that it has', async () => {
  const [asset = ''] = await assets();
  for (const path of ['/', asset, '/sluice.js']) {
    const whole = await get(path);
    const part = await get(path, { range: 'bytes=0-9' });
    expect([path, part.statusCode, part.headers['etag']]).toEqual([path, 200, whole.headers['etag']]);
    expect(part.bytes.equals(whole.bytes)).toBe(true);
  }
});

test('what compresses is sent compressed', async () => {
  for (const path of ['index.html', 'sluice.js', ...(await assets())]) {
    const plain = await readFile(new URL(path, DIST));
    const brotli = await get(path, { 'accept-encoding': 'gzip, br' });
    expect([path, brotli.headers['content-encoding']]).toEqual([path, 'br']);
    expect(brotliDecompressSync(brotli.bytes).equals(plain)).toBe(true);
    const gzip = await get(path, { 'accept-encoding': 'gzip' });
    expect(gunzipSync(gzip.bytes).equals(plain)).toBe(true);
    expect((await get(path, { 'accept-encoding': 'identity' })).bytes.equals(plain)).toBe(true);
  }
  const names = await readdir(new URL('assets/', DIST));
  expect(names.some((name) => name.endsWith('.br'))).toBe(true);
});
