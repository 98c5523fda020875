import { fairness } from './ingest/case-fairness.ts';
import { files } from './ingest/case-files.ts';
import { speed } from './ingest/case-speed.ts';

const CASES = { files, speed, fairness };

/**
 * Documents on their way from file to store. `npm run bench -- ingest CASE` runs one case alone; behind `speed` another
 * document may be named.
 */
export async function bench(): Promise<void> {
  const [only, document] = process.argv.slice(3);
  if (only !== undefined && !Object.hasOwn(CASES, only)) {
    console.error(`Which case? npm run bench -- ingest ${Object.keys(CASES).join(' | ')}`);
    process.exit(1);
  }
  for (const [name, run] of Object.entries(CASES))
    if (only === undefined || only === name) await run(document);
  console.log(`files: every step over HTTP, after the other, into a processor just started; the embedder is a deterministic one.
Memory: processor and children, the sum of each one's own peak. Recall: share of the author's words in the text; precision: of the text's words that the author wrote;
order: of neighbouring words that stay neighbours.
speed, fairness: the whole program with the bundled model, medians; from the upload's answer to the end of its job.
Where other work takes the cores, read the ratio of the processor times, and whether the machine had idle cores.`);
}
