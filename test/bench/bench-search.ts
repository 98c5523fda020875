import { SEARCH_MODES, type SearchMode } from '../../src/contract/search.ts';
import { cpuSeconds } from '../helpers/measures/cpu-time.ts';
import { startEmbeddingsServer } from '../helpers/servers/embeddings-server.ts';
import { startSluice, type TestSluice } from '../helpers/servers/sluice.ts';
import { median, percentile, printTable } from './statistics.ts';

const CHUNKS = 100_000;
const DOCUMENTS = 20;
/** Least and most words of a chunk. */
const WORDS = { least: 60, most: 100 };
const VOCABULARY = 30_000;
const QUERIES = 200;

/**
 * How long searches take in a collection of 100,000 chunks whose words are as frequent as those of a language (Zipf), and what
 * the keyword index costs while they come in. The embedder is deterministic, so that it costs little.
 */
export async function bench(): Promise<void> {
  const embedder = await startEmbeddingsServer({ dimensions: 512 });
  const sluice = await startSluice({ env: { EMBEDDINGS_URL: embedder.url } });
  try {
    const roles = ['api', 'worker', 'processor', 'keywords', 'chroma'];
    const pids = await Promise.all(roles.map((role) => sluice.rolePid(role)));
    const before = pids.map(cpuSeconds);
    const began = performance.now();
    await ingest(sluice);
    const seconds = (performance.now() - began) / 1000;
    const cpu = pids.map((pid, i) => cpuSeconds(pid) - (before[i] ?? 0));
    const total = cpu.reduce((sum, one) => sum + one, 0);
    console.log(`${CHUNKS} chunks in ${seconds.toFixed(0)} s`);
    printTable([
      ['CPU a chunk', ...roles],
      ['µs', ...cpu.map((one) => ((one / CHUNKS) * 1e6).toFixed(0))],
      ['share', ...cpu.map((one) => `${((100 * one) / total).toFixed(1)} %`)],
    ]);
    const rows = [['search', 'p50', 'p95', 'p99']];
    const ms = (value: number) => `${value.toFixed(1)} ms`;
    for (const mode of SEARCH_MODES) {
      const took = await ask(sluice, mode);
      rows.push([mode, ms(median(took)), ms(percentile(took, 0.95)), ms(percentile(took, 0.99))]);
    }
    printTable(rows);
  } finally {
    await sluice.close();
    await embedder.close();
  }
}

async function ingest(sluice: TestSluice): Promise<void> {
  const fields = {
    collection: 'large',
    chunking_strategy: 'recursive',
    chunk_size: '2000',
    chunk_overlap: '0',
  };
  for (let i = 0; i < DOCUMENTS; i++) {
    const chunk = () => words(WORDS.least + randomInt(WORDS.most - WORDS.least));
    const text = Array.from({ length: CHUNKS / DOCUMENTS }, chunk).join('\n\n');
    const { job_id } = await sluice.upload(new File([text], `volume-${i}.txt`), fields);
    const { status, error } = await sluice.ended(job_id, 600_000);
    if (status !== 'completed') throw new Error(error);
  }
}

async function ask({ url }: TestSluice, mode: SearchMode): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < QUERIES; i++) {
    const body = JSON.stringify({ collection: 'large', mode, query: words(1 + (i % 8)) });
    const headers = { 'content-type': 'application/json' };
    const began = performance.now();
    const response = await fetch(`${url}/api/search`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(await response.text());
    await response.json();
    took.push(performance.now() - began);
  }
  return took;
}

let seed = 1;
/** Returns the next pseudo-random number, 0..1. Each run has the same ones. */
function random(): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return seed / 0x7fffffff;
}
function randomInt(below: number): number {
  return Math.floor(random() * below);
}

/** Makes a text of words whose frequency falls with their rank. */
function words(count: number): string {
  return Array.from({ length: count }, () => word(Math.floor(VOCABULARY ** random()))).join(' ');
}

/** Makes the word of a frequency rank, out of syllables. */
function word(rank: number): string {
  const syllable = (i: number) => 'bdfgklmnprstvz'[i % 14]! + 'aeiou'[Math.floor(i / 14) % 5]!;
  let text = syllable(rank % 70);
  for (let rest = Math.floor(rank / 70) + 1; rest > 0; rest = Math.floor(rest / 70))
    text += syllable(rest % 70);
  return text;
}
