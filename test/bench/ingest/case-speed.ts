import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import type { ChunkList } from '../../../src/contract/documents.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';
import { median, printTable } from '../statistics.ts';
import { secondsToEnd } from './ended.ts';
import { measured, parentOf, type Took } from './processor-time.ts';

const DOCUMENT = 'guide-76p-damaged.pdf';
const WARM_UP = 'paper-2p.pdf';
const ROUNDS = 5;

/**
 * A document through the whole program with the bundled model, beside the model alone: a process a core, each with
 * its share of the same texts. And the same with every process of Sluice on one core.
 * @param named another document, which is taken once
 */
export async function speed(named?: string): Promise<void> {
  const document = named ?? DOCUMENT;
  const rounds = named === undefined ? ROUNDS : 1;
  const cores = availableParallelism();
  const all = await startSluice();
  const one = await onOneCore(cores, startSluice);
  const bare = await Promise.all(Array.from({ length: cores }, startBare));
  const took = { all: [] as Took[], bare: [] as Took[], one: [] as Took[] };
  try {
    await Promise.all([secondsToEnd(all, WARM_UP), secondsToEnd(one, WARM_UP)]);
    const [allPid, onePid] = [await programOf(all), await programOf(one)];
    const barePids = bare.map(({ pid }) => pid as number);
    let texts: string[] = [];
    for (let round = 0; round < rounds; round++) {
      took.all.push(await measured([allPid], () => secondsToEnd(all, document)));
      if (round === 0) texts = await embeddedTexts(all, document);
      took.bare.push(await measured(barePids, () => embedBare(bare, texts)));
      took.one.push(await measured([onePid], () => secondsToEnd(one, document)));
    }
    print(document, cores, texts.length, took);
  } finally {
    for (const child of bare) child.disconnect();
    await Promise.all([all.close(), one.close()]);
  }
}

function print(
  document: string,
  cores: number,
  chunks: number,
  took: Record<'all' | 'bare' | 'one', Took[]>,
): void {
  const middle = (side: Took[], what: keyof Took) => median(side.map((each) => each[what]));
  const row = (name: string, side: Took[], peer: Took[]) => [
    name,
    ...(['elapsed', 'busy'] as const).flatMap((what) => [
      `${middle(side, what).toFixed(2)} s`,
      side === peer ? '' : (middle(side, what) / middle(peer, what)).toFixed(2),
    ]),
    `${(100 * middle(side, 'idle')).toFixed(0)} %`,
  ];
  printTable([
    [`${document}, ${chunks} chunks`, 'took', 'ratio', 'processor time', 'ratio', 'machine idle'],
    row(`the model alone on ${cores} cores`, took.bare, took.bare),
    row(`Sluice on ${cores} cores ÷ the model alone`, took.all, took.bare),
    row(`Sluice on one core ÷ on ${cores}`, took.one, took.all),
  ]);
}

/** The process that all of Sluice's descend from. */
async function programOf(sluice: TestSluice): Promise<number> {
  return parentOf(await sluice.rolePid('processor'));
}

/** Starts something whose processes all stay on one core: they inherit that from this one. */
async function onOneCore<T>(cores: number, start: () => Promise<T>): Promise<T> {
  const pin = (list: string) =>
    execFileSync('taskset', ['--cpu-list', '--pid', list, `${process.pid}`], { stdio: 'ignore' });
  pin('0');
  try {
    return await start();
  } finally {
    pin(`0-${cores - 1}`);
  }
}

async function startBare(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'bare-embedder.ts'));
  await once(child, 'message');
  return child;
}

async function embedBare(children: readonly ChildProcess[], texts: readonly string[]): Promise<number> {
  const began = performance.now();
  const work = children.map(async (child, place) => {
    child.send(texts.filter((_, index) => index % children.length === place));
    await once(child, 'message');
  });
  await Promise.all(work);
  return (performance.now() - began) / 1000;
}

/** What the model was given for the document stored last. */
async function embeddedTexts(sluice: TestSluice, document: string): Promise<string[]> {
  const read = async <T>(path: string) => (await (await fetch(sluice.url + path)).json()) as T;
  const { documents } = await read<{ documents: { id: string; filename: string }[] }>(
    '/api/documents?limit=100',
  );
  const id = documents.find(({ filename }) => filename === document)?.id;
  const texts: string[] = [];
  for (let cursor: string | undefined = '0'; cursor !== undefined;) {
    const page: ChunkList = await read(`/api/documents/${id}/chunks?limit=1000&cursor=${cursor}`);
    for (const { text, context } of page.chunks)
      texts.push(context === undefined ? text : `${context}\n${text}`);
    cursor = page.next_cursor;
  }
  return texts;
}
