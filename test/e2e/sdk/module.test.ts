import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

import { useFolder, useSluice } from '../../helpers/servers/use.ts';

const TSC = join(import.meta.dirname, '../../../node_modules/tsc/bin/tsc');
/** The README of the SDK names this size. */
const MOST_BYTES = 14_500;

const folder = useFolder();
const server = useSluice();

const CONSUMER = `
import { Sluice, SluiceError, type Job } from './sluice.js';

const sluice = new Sluice({ url: 'https://sluice.example.com/', getKey: async () => 'key' });
const upload = sluice.upload(new File(['text'], 'a.txt'), { collection: 'papers', metadata: { year: 2026 } });
const uploads = sluice.upload([new File([], 'b.txt'), { name: 'c.txt', blob: new Blob(['text']) }]);
const names: string[] = uploads.map(({ name }) => name);
for await (const job of upload.job) {
  const done: number = job.counts?.chunks_done ?? 0;
  console.log(job.status, done, names);
}
const job: Job = await upload.job.done;
if (job.status === 'failed') console.log(job.error_code);
const { results } = await sluice.search({ query: 'text', mode: 'keyword' }).catch((error: unknown) => {
  if (error instanceof SluiceError) console.log(error.code, error.retryAfterMs);
  throw error;
});
console.log(results[0]?.text, sluice.link.state === 'live', (await sluice.stats()).queue_depth);
`;
/** Uses that the types must refuse. */
const WRONG = [
  `sluice.upload(new File([], 'a.txt'), { chunkSize: 5 });`,
  `sluice.search({ text: 'a' });`,
  `const status: 'done' = job.status;`,
  `sluice.upload('a.txt');`,
];

/** Compiles a program against the served types. @returns the lines with an error */
async function compile(text: string, ...options: string[]): Promise<number[]> {
  await writeFile(join(folder, 'consumer.ts'), text);
  const strict = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
  const target = ['--target', 'es2024', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const run = promisify(execFile)(process.execPath, [TSC, 'consumer.ts', ...strict, ...target, ...options], {
    cwd: folder,
  });
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
  return [...stdout.matchAll(/^\S+\((\d+),\d+\): error/gm)].map(([, line]) => Number(line));
}

test('the module and its types are served as what they are', async () => {
  const module = await fetch(`${server.url}/sluice.js`);
  expect(module.headers.get('content-type')).toMatch(/^text\/javascript/);
  const text = await module.text();
  // One file, without anything of the schemas' library.
  expect(text).not.toMatch(/\bimport\b[^(]|valibot/);
  expect(gzipSync(text).length).toBeLessThan(MOST_BYTES);
  const types = await fetch(`${server.url}/sluice.d.ts`);
  expect(types.headers.get('content-type')).toMatch(/^text\/plain/);
  await writeFile(join(folder, 'sluice.d.ts'), await types.text());
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});

test.each([
  ['of browsers', ['--lib', 'es2024,dom,dom.asynciterable']],
  [
    'of Node',
    [
      '--lib',
      'es2024',
      '--types',
      'node',
      '--typeRoots',
      join(import.meta.dirname, '../../../node_modules/@types'),
    ],
  ],
])('a strict program with the types %s compiles, and a wrong one does not', async (_, options) => {
  expect(await compile(CONSUMER, ...options)).toEqual([]);
  const lines = CONSUMER.split('\n').length;
  const errors = await compile([CONSUMER, ...WRONG].join('\n'), ...options);
  expect(new Set(errors)).toEqual(new Set(WRONG.map((_wrong, i) => lines + 1 + i)));
});

test('Node uploads with the module as it is served', async () => {
  await writeFile(join(folder, 'sluice.js'), await (await fetch(`${server.url}/sluice.js`)).text());
  const program = `
    import { Sluice } from './sluice.js';
    const sluice = new Sluice({ url: '${server.url}' });
    const { status } = await sluice.upload(new File(['hello there'], 'a.txt')).job.done;
    console.log(status);`;
  await writeFile(join(folder, 'program.mjs'), program);
  const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd: folder });
  expect(stdout).toBe('completed\n');
});
