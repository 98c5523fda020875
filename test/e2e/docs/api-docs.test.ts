import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { beforeEach, expect, test } from 'vitest';

import { BUNDLED_MODEL } from '../../../src/contract/services/processor.ts';
import { SAMPLE_SERVER } from '../../../src/http/openapi/samples.ts';
import { useBrowser } from '../client/use-page.ts';
import { useEmbeddings, useFolder, useSluice } from '../../helpers/servers/use.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

interface Described {
  operationId: string;
  'x-codeSamples': { label: string; source: string }[];
}

const browser = useBrowser();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url, EMBEDDINGS_MODEL: BUNDLED_MODEL } }));
const folder = useFolder();
let ids = { JOB_ID: '', DOCUMENT_ID: '' };

beforeEach(async () => {
  for (const name of ['shore.md', 'sea.md']) {
    const file = new File([`The ${name} is wide.`], name);
    const { job_id } = await sluice.upload(file, { collection: 'islands', batch: 'summer' });
    const job = await sluice.ended(job_id);
    expect(job).toMatchObject({ status: 'completed' });
    // Later uploads complete with the first one's document.
    ids = { JOB_ID: job_id, DOCUMENT_ID: job.result?.document_id ?? '' };
  }
});

const read = async (name: string) => (await fetch(`${sluice.url}/${name}`)).text();
async function operations(): Promise<Described[]> {
  const { paths } = JSON.parse(await read('openapi.json')) as {
    paths: Record<string, Record<string, Described>>;
  };
  return Object.values(paths).flatMap((methods) => Object.values(methods));
}

test("openapi.json keeps Redocly's rules", async () => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({ source: await read('openapi.json'), config });
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
});

test('asyncapi.json fits the schema of AsyncAPI 3.1', async () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const fits = ajv.validate(
    specs.schemasWithoutId['3.1.0'] as object,
    JSON.parse(await read('asyncapi.json')),
  );
  expect(ajv.errors ?? []).toEqual([]);
  expect(fits).toBe(true);
});

const CLIENT = `import type { paths } from './api.ts';

type Upload = paths['/api/documents/upload']['post'];
type Accepted = Upload['responses'][202]['content']['application/json'];
type Fields = Omit<Upload['requestBody']['content']['multipart/form-data'], 'file'>;

async function upload(file: Blob, fields: Fields): Promise<Accepted> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', file, 'typed.md');
  const response = await fetch('ADDRESS/api/documents/upload', { method: 'POST', body: form });
  if (response.status !== 202) throw new Error(await response.text());
  return (await response.json()) as Accepted;
}

const { job_id } = await upload(new Blob(['Typed.']), { collection: 'islands', on_duplicate: 'keep' });
console.log(job_id);
`;

test('a client with the types of openapi-typescript compiles under --strict, and uploads', async () => {
  const types = astToString(await openapiTS(await read('openapi.json')));
  await writeFile(join(folder, 'api.ts'), types);
  const client = join(folder, 'client.ts');
  await writeFile(client, CLIENT.replace('ADDRESS', sluice.url));
  const strict = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'esnext'];
  const libraries = ['--lib', 'esnext,dom,dom.iterable', '--allowImportingTsExtensions'];
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await run(join(ROOT, 'node_modules/.bin/tsc'), [...strict, ...libraries, client], { cwd: folder }).catch(
    (error: { stdout: string }) => expect(error.stdout).toBe(''),
  );
  const { stdout } = await run(process.execPath, [client]);
  expect(await sluice.ended(stdout.trim())).toMatchObject({ status: 'completed' });
});

/** Meet a conflict rightly, because the job has completed. */
const CONFLICTS = ['cancelJob', 'retryJob'];
/** Come last, because others need what they delete. */
const DELETING = ['deleteDocument', 'deleteDocuments', 'deleteCollection'];

test('each sample of curl works as it is', async () => {
  await writeFile(join(folder, 'sea.md'), 'The sea is wide.');
  const all = await operations();
  const sorted = all.toSorted((a, b) => DELETING.indexOf(a.operationId) - DELETING.indexOf(b.operationId));
  const failed: string[] = [];
  for (const { operationId, 'x-codeSamples': samples } of sorted) {
    const source = samples[0]?.source ?? 'curl';
    const command = source
      .replaceAll(SAMPLE_SERVER, sluice.url)
      .replaceAll(/JOB_ID|DOCUMENT_ID/g, (name) => ids[name as keyof typeof ids])
      .replace(/^curl/, "curl --silent --show-error --max-time 20 --write-out '\\n%{http_code}'");
    // A stream of many jobs never ends. The reader's time does.
    const isEndless = operationId === 'followJobs';
    const { stdout } = await run('sh', ['-c', isEndless ? command.replace('20', '2') : command], {
      cwd: folder,
    }).catch((error: { stdout: string }) => error);
    const status = stdout.split('\n').at(-1) ?? '';
    const isGood = status.startsWith('2') || (CONFLICTS.includes(operationId) && status === '409');
    if (!isGood) failed.push(`${operationId}: ${stdout.slice(-300)}`);
  }
  expect(failed).toEqual([]);
  expect(sorted.map(({ operationId }) => operationId).slice(-3)).toEqual(DELETING);
});

test('each sample of the SDK runs as it is', async () => {
  const all = await operations();
  const sorted = all.toSorted((a, b) => DELETING.indexOf(a.operationId) - DELETING.indexOf(b.operationId));
  let ran = 0;
  for (const { operationId, 'x-codeSamples': samples } of sorted) {
    const source = samples.find(({ label }) => label === 'SDK')?.source;
    if (source === undefined || CONFLICTS.includes(operationId)) continue;
    const module = source
      .replace(`${SAMPLE_SERVER}/sluice.js`, join(ROOT, 'client/dist/sluice.js'))
      .replaceAll(SAMPLE_SERVER, sluice.url)
      .replaceAll(/JOB_ID|DOCUMENT_ID/g, (name) => ids[name as keyof typeof ids]);
    const path = join(folder, `${operationId}.mjs`);
    await writeFile(path, module);
    expect([operationId, (await run(process.execPath, [path])).stderr]).toEqual([operationId, '']);
    ran++;
  }
  expect(ran).toBeGreaterThan(9);
});

test('the page shows every operation and message, with samples for this server', async () => {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.goto(`${sluice.url}/docs`);
  await page.locator('#status').waitFor({ state: 'detached' });
  const { components } = JSON.parse(await read('asyncapi.json')) as { components: { messages: object } };
  expect(await page.locator('details.operation').count()).toBe(
    (await operations()).length + Object.keys(components.messages).length,
  );
  await page.locator('#getJob > summary').click();
  expect(await page.locator('#getJob pre').first().textContent()).toBe(`curl ${sluice.url}/api/jobs/JOB_ID`);
  await page.locator('#getJob details.schema > summary').first().click();
  await page.locator('#getJob details.schema th').first().waitFor();
  expect(faults).toEqual([]);
  await page.close();
});
