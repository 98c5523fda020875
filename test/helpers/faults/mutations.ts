import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Takes one guarantee out of the program, by one of its lines. */
export interface Mutation {
  without: string;
  /** Path from the program's root. */
  file: string;
  line: string;
  instead: string;
}

/** Lists the guarantees without which the chaos suite must be red. */
export const MUTATIONS: readonly Mutation[] = [
  {
    without: 'the token check of progress and complete',
    file: 'src/jobs/transitions/lua/report.lua',
    line: 'if not holds(status, holder, token) then return 0 end',
    instead: '',
  },
  {
    without: 'the switch of the generation',
    file: 'src/jobs/transitions/lua/report.lua',
    line: "'generation', token,",
    instead: "'generation', before.generation or 'none',",
  },
  {
    without: 'the cleanup of dead generations',
    file: 'src/jobs/transitions/lua/due-cleanups.lua',
    line: 'return list_due(cleanup, count, makes_sense)',
    instead: 'return {}',
  },
  {
    without: 'publication by the script',
    file: 'src/jobs/transitions/lua/transition.lua',
    line: "redis.call('PUBLISH', key .. ':events', message)",
    instead: '',
  },
  {
    without: 'the end of leases',
    file: 'src/jobs/transitions/lua/expire-leases.lua',
    line: "redis.call('SET', swept, now_ms())",
    instead: "redis.call('SET', swept, now_ms()) if true then return { 0, 0 } end",
  },
  {
    without: 'the notes of how jobs ended',
    file: 'src/worker/run/job-runner.ts',
    line: 'await blobs.ended.note(fileKey, job.id, end, epoch, isUntouched(job, payload));',
    instead:
      'await blobs.ended.note(fileKey, job.id, end, epoch, isUntouched(job, payload)); await blobs.ended.forget(job.id);',
  },
  {
    without: 'the comparison with Chroma',
    file: 'src/worker/comparison/find-orphan-chunks.ts',
    line: 'if ((await redis.get(keys.reconciled)) === turn.epoch) return;',
    instead: 'if (turn.epoch) return;',
  },
  {
    without: 'the naming of an epoch',
    file: 'src/jobs/transitions/lua/open-epoch.lua',
    line: 'if not name or went_back or elsewhere then',
    instead: 'if not name then',
  },
  {
    without: 'the line in which equal uploads wait',
    file: 'src/jobs/transitions/lua/line.lua',
    line: "if first_in(at.line_prefix .. line .. ':jobs', at.job_prefix) ~= id then",
    instead: 'if false then',
  },
  {
    without: 'the document that a replacement keeps',
    file: 'src/jobs/transitions/lua/line.lua',
    line: "return 'run', set_target(key, id, newest or document, at.document_prefix, payload)",
    instead: "return 'run'",
  },
  {
    without: 'the notes of deletions',
    file: 'src/documents/delete-document.ts',
    line: 'const manifest = await ownManifest(document, blobs, installation);',
    instead: 'const manifest = undefined;',
  },
  {
    without: 'the mark of the chunks of a deleted document',
    file: 'src/jobs/transitions/lua/delete-document.lua',
    line: "mark_chunks_dead(cleanup, tenant, collection, id, found[3] or '', now_ms())",
    instead: '',
  },
  {
    without: 'the look at the live generations in a search',
    file: 'src/documents/search/live-hits.ts',
    line: 'const isLive = ({ documentId, generation }: Hit) => byId.get(documentId) === generation;',
    instead: 'const isLive = (_: Hit) => true;',
  },
  {
    without: 'the cleanup of the keyword index',
    file: 'src/documents/chunk-stores.ts',
    line: 'this.#keywords.deleteGeneration(generation, signal),',
    instead: 'Promise.resolve(),',
  },
  {
    without: 'the filling of the keyword index from Chroma',
    file: 'src/worker/comparison/missing-keywords.ts',
    line: 'const indexed = await this.#index(document, turn);',
    instead: 'const indexed = document.chunkCount;',
  },
];

/** Returns the mutated file. @throws {Error} unless it has the line once */
export async function mutate(root: string, { file, line, instead }: Mutation): Promise<string> {
  const parts = (await readFile(join(root, file), 'utf8')).split(line);
  if (parts.length !== 2) throw new Error(`${file} must have this line once: ${line}`);
  return parts.join(instead);
}
