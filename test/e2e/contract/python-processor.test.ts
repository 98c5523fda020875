import { expect, test } from 'vitest';

import type { SearchResponse } from '../../../src/contract/search.ts';
import { startHttpGate } from '../../helpers/faults/http-gate.ts';
import { startPythonProcessor } from '../../helpers/processors/python-processor.ts';
import { use, useSluice } from '../../helpers/servers/use.ts';

const python = use(() => startPythonProcessor());
const gate = use(() => startHttpGate(python.url));
const sluice = useSluice(() => ({ env: { PROCESSOR_URL: gate.url, MAX_RETRIES: '1' } }));

async function search(query: string): Promise<SearchResponse['results']> {
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'python', query, limit: 1 }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as SearchResponse).results;
}

test('documents go from upload to search through a service that is not ours, in lines and as JSON', async () => {
  // Fewer chunks than the 100 candidates of Chroma's search. Among thousands that are alike, it misses some that are not.
  const fact = 'Beekeepers harvest honey in August.';
  const facts = Array.from({ length: 2000 }, (_, index) =>
    index >= 1500 && index < 1520 ? fact : `Shelf ${index} 😀 holds volume v${index}.`,
  );
  const long = `# Catalogue\n\n${facts.join(' ')}\n`;
  const page = '<!doctype html><body><h1>Opening hours</h1><p>The library closes at nine on Sundays.</p>';
  const ids = [
    await sluice.upload(new File([long], 'catalogue.md'), { collection: 'python', chunk_size: '1024' }),
    await sluice.upload(new File([page], 'hours.html'), { collection: 'python' }),
  ].map(({ job_id }) => job_id);
  const [catalogue, hours] = [await sluice.ended(ids[0]!), await sluice.ended(ids[1]!)];
  expect([catalogue.status, hours.status]).toEqual(['completed', 'completed']);
  expect(catalogue.result!.chunk_count).toBeGreaterThan(50);
  expect(catalogue.result!.chunk_count).toBeLessThan(100);

  const [honey] = await search('When do beekeepers harvest honey?');
  expect(honey).toMatchObject({ document_id: catalogue.result!.document_id, heading: 'Catalogue' });
  expect(honey!.text).toContain(fact);
  expect(honey!.text).toBe(long.slice(honey!.start, honey!.end));
  expect((await search('When does the library close on Sundays?'))[0]).toMatchObject({
    filename: 'hours.html',
    heading: 'Opening hours',
  });
});

test('what it refuses fails at once, with its code and words', async () => {
  const { job_id } = await sluice.upload(new File(['\0\0'], 'a.bin'), { collection: 'python' });
  expect(await sluice.ended(job_id)).toMatchObject({
    status: 'failed',
    message: 'Parsing failed',
    error: 'This type of file is not supported.',
    error_code: 'unsupported_type',
    retry_count: 0,
  });
});

test('a service that breaks its contract fails the job with a code, and the upload is not lost', async () => {
  gate.rewrite = () => '<!doctype html><title>Welcome</title>';
  const words = 'The lighthouse keeper writes letters.';
  const { job_id } = await sluice.upload(new File([words], 'letters.txt'), { collection: 'python' });
  expect(await sluice.ended(job_id)).toMatchObject({
    status: 'failed',
    error: 'The processor sent a response that breaks its contract.',
    error_code: 'bad_answer',
    retry_count: 1,
  });
  gate.rewrite = undefined;
  const again = await fetch(`${sluice.url}/api/jobs/${job_id}/retry`, { method: 'POST' });
  expect(again.ok).toBe(true);
  await expect.poll(async () => (await sluice.job(job_id)).status).toBe('completed');
  expect((await search('Who is the keeper of the lighthouse?'))[0]?.text).toBe(words);
});
