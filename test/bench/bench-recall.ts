import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Collection } from '../../src/contract/documents.ts';
import { SEARCH_MODES, type SearchMode, type SearchResponse } from '../../src/contract/search.ts';
import { CHUNKING_STRATEGIES, type ChunkingStrategy } from '../../src/contract/upload.ts';
import { languageOf } from '../../src/tokens/tokenize.ts';
import { queryTokens } from '../../src/tokens/tokenize.ts';
import { startSluice, type TestSluice } from '../helpers/servers/sluice.ts';
import { printTable } from './statistics.ts';

const DEPTHS = [1, 5];
const DEEPEST = Math.max(...DEPTHS);

interface Question {
  file: string;
  question: string;
  /** A passage that answers it, but for its blanks. */
  quote: string;
}

/** Place of the answer among the results of each mode, from 0; -1 for none. */
type Ranks = Record<SearchMode, number>;

/**
 * How often one of the first results to a question, of all chunks of three documents, holds the whole passage that answers
 * it: for each way to cut, with the bundled model, by each mode of the search. The last line has only the questions that
 * share the fewest words with their answers.
 */
export async function bench(): Promise<void> {
  const path = join(import.meta.dirname, 'ingest', 'recall-questions.json');
  const { questions } = JSON.parse(await readFile(path, 'utf8')) as { questions: Question[] };
  const files = [...new Set(questions.map(({ file }) => file))];
  const sluice = await startSluice({ env: { PROCESSOR_CHILDREN: '3', MAX_REQUESTS_PER_SECOND: '100000' } });
  try {
    const heads = SEARCH_MODES.flatMap((mode) => DEPTHS.map((depth) => `${mode} @${depth}`));
    const rows = [['strategy', 'chunks', ...heads]];
    let last: { strategy: string; ranks: Ranks[] } | undefined;
    for (const strategy of CHUNKING_STRATEGIES) {
      await store(files, strategy, sluice);
      const ranks: Ranks[] = [];
      for (const question of questions) ranks.push(await rank(question, strategy, sluice));
      rows.push([strategy, await chunkCount(strategy, sluice), ...shares(ranks)]);
      if (strategy === 'sentence' || !last) last = { strategy, ranks };
    }
    const { strategy = '', ranks = [] } = last ?? {};
    const overlaps = questions.map(overlap);
    const byOverlap = questions.map((_, i) => i).toSorted((a, b) => overlaps[a]! - overlaps[b]!);
    const other = byOverlap.slice(0, questions.length / 3).flatMap((i) => ranks[i] ?? []);
    rows.push([`${strategy}, other words`, `${other.length} questions`, ...shares(other)]);
    console.log(`${questions.length} questions`);
    printTable(rows);
  } finally {
    await sluice.close();
  }
}

async function store(
  files: readonly string[],
  strategy: ChunkingStrategy,
  sluice: TestSluice,
): Promise<void> {
  const fields = { collection: strategy, chunking_strategy: strategy };
  const jobs = await Promise.all(files.map((file) => sluice.upload(file, fields)));
  for (const { job_id } of jobs) {
    const { status, error } = await sluice.ended(job_id, 600_000);
    if (status !== 'completed') throw new Error(error);
  }
}

async function chunkCount(name: string, { url }: TestSluice): Promise<string> {
  const response = await fetch(`${url}/api/collections/${name}`);
  return String(((await response.json()) as Collection).chunk_count);
}

async function rank(question: Question, collection: string, { url }: TestSluice): Promise<Ranks> {
  const find = async (mode: SearchMode) => {
    const body = { collection, mode, query: question.question, limit: DEEPEST };
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/search`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    const { results } = (await response.json()) as SearchResponse;
    return results.findIndex(
      ({ filename, text }) => filename === question.file && holds(text, question.quote),
    );
  };
  return { hybrid: await find('hybrid'), vector: await find('vector'), keyword: await find('keyword') };
}

function holds(text: string, quote: string): boolean {
  const words = (passage: string) => passage.split(/\s+/).join(' ');
  return words(text).includes(words(quote));
}

/** Returns the share of a question's words that its answer has. */
function overlap({ question, quote }: Question): number {
  const language = languageOf(quote);
  const asked = queryTokens(question, [language]);
  const held = new Set(queryTokens(quote, [language]));
  return asked.filter((token) => held.has(token)).length / asked.length;
}

function shares(ranks: readonly Ranks[]): string[] {
  return SEARCH_MODES.flatMap((mode) =>
    DEPTHS.map((depth) => {
      const found = ranks.filter((one) => one[mode] >= 0 && one[mode] < depth);
      return (found.length / ranks.length).toFixed(2);
    }),
  );
}
