import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Chroma } from '@langchain/community/vectorstores/chroma';
import { OpenAIEmbeddings } from '@langchain/openai';
import { ChromaVectorStore } from '@llamaindex/chroma';
import { MetadataMode } from '@llamaindex/core/schema';
import { VectorStoreQueryMode } from '@llamaindex/core/vector-store';
import { OpenAIEmbedding } from '@llamaindex/openai';
import { ChromaClient } from 'chromadb';
import { beforeAll, expect, test } from 'vitest';

import { useEmbeddings, useFolder, useSluice } from '../../helpers/servers/use.ts';

const COLLECTION = 'papers';
const TIDES = 'The harbour master counts boats at high tide.';
const ROOT = resolve(import.meta.dirname, '../../..');
const FILES = { 'tides.md': TIDES, 'bread.md': 'Bread rises in a warm kitchen.' };

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url, EMBEDDINGS_MODEL: 'tide-model' } }));
const folder = useFolder();
const ids: Record<string, string> = {};

const open = () => ({ baseURL: `${sluice.url}/v1`, apiKey: 'any' });
function chromaClient(): ChromaClient {
  const { hostname, port } = new URL(sluice.chromaUrl);
  return new ChromaClient({ host: hostname, port: Number(port) });
}

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) {
    const fields = { collection: COLLECTION, metadata: '{"year":2024}' };
    const { job_id } = await sluice.upload(new File([text], name), fields);
    expect(await sluice.ended(job_id)).toMatchObject({ status: 'completed' });
    ids[name] = job_id;
  }
});

/** Reads the model of the collection, as a client does. */
async function modelOf(): Promise<string> {
  const response = await fetch(`${sluice.url}/api/collections/${COLLECTION}`);
  const { models } = (await response.json()) as { models: { name: string }[] };
  return models[0]!.name;
}

test("LangChain's Chroma store finds a chunk, with vectors from OpenAIEmbeddings", async () => {
  const embeddings = new OpenAIEmbeddings({ model: await modelOf(), apiKey: 'any', configuration: open() });
  const store = new Chroma(embeddings, { collectionName: COLLECTION, index: chromaClient() });
  const [best] = await store.similaritySearchWithScore('boats at high tide', 2, { year: 2024 });
  const [document, distance] = best!;
  expect(document.pageContent).toBe(TIDES);
  expect(document.metadata).toMatchObject({ filename: 'tides.md', document_id: ids['tides.md'], year: 2024 });
  expect(distance).toBeLessThan(0.5);
});

async function queryLlamaIndex() {
  const embedModel = new OpenAIEmbedding({ model: await modelOf(), ...open() });
  const store = new ChromaVectorStore({
    collectionName: COLLECTION,
    chromaClientParams: { path: sluice.chromaUrl },
    embedModel,
  });
  const queryEmbedding = await embedModel.getTextEmbedding('boats at high tide');
  const query = { queryEmbedding, similarityTopK: 2, mode: VectorStoreQueryMode.DEFAULT };
  const { nodes = [], similarities } = await store.query(query);
  return { node: nodes[0]!, similarity: similarities[0]! };
}

test("LlamaIndex's Chroma store finds a chunk, with vectors from OpenAIEmbedding", async () => {
  const { node, similarity } = await queryLlamaIndex();
  expect(node.getContent(MetadataMode.NONE)).toBe(TIDES);
  expect(node.id_).toMatch(new RegExp(`^${ids['tides.md']}:.+:0$`));
  expect(node.sourceNode?.nodeId).toBe(ids['tides.md']);
  expect(node.metadata).toMatchObject({ filename: 'tides.md', year: 2024 });
  expect(node.metadata).not.toHaveProperty('_node_content');
  expect(similarity).toBeGreaterThan(0.5);
});

test('LlamaIndex still reads a chunk after an edit of its metadata', async () => {
  const response = await fetch(`${sluice.url}/api/documents/${ids['tides.md']}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"metadata":{"year":2025,"_node_content":"no JSON"}}',
  });
  expect(response.status).toBe(200);
  await expect.poll(async () => (await queryLlamaIndex()).node.metadata['year']).toBe(2025);
  const { node } = await queryLlamaIndex();
  expect(node.getContent(MetadataMode.NONE)).toBe(TIDES);
});

test('a client that names another model is told which one to name', async () => {
  const embeddings = new OpenAIEmbeddings({
    model: 'other',
    apiKey: 'any',
    configuration: open(),
    maxRetries: 0,
  });
  await expect(embeddings.embedQuery('boats')).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
    message: expect.stringContaining('"tide-model"') as string,
  });
});

test('the examples of the page run as they stand', async () => {
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const page = await readFile(join(ROOT, 'src/http/openai/README.md'), 'utf8');
  const examples = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code);
  expect(examples).toHaveLength(2);
  const { hostname, port } = new URL(sluice.chromaUrl);
  for (const example of examples) {
    const here = example
      .replaceAll('http://localhost:8080', sluice.url)
      .replaceAll('http://localhost:8000', sluice.chromaUrl)
      .replace("host: 'localhost', port: 8000", `host: '${hostname}', port: ${port}`);
    await writeFile(join(folder, 'example.mjs'), here);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'example.mjs')]);
    expect(stdout).toContain(TIDES);
  }
});
