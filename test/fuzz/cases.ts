import { randomUUID } from 'node:crypto';

import { DOCUMENT_ERRORS } from '../../src/contract/services/processor.ts';
import { Random } from '../chaos/random.ts';
import { documentBytes } from '../documents/documents.ts';
import { mutate } from './mutate.ts';

/** Documents of every type, the small ones. */
export const SMALL_FILES: readonly string[] = [
  'korean.pdf',
  'password.pdf',
  'scan.pdf',
  'scan.png',
  'table.docx',
  'slides.pptx',
  'regatta.xlsx',
  'password.xlsx',
  'notes.odt',
  'letter.rtf',
  'mail-base64.eml',
  'mail-utf-16.eml',
  'mail-attachments.eml',
  'report.doc',
  'regatta.xls',
  'message.msg',
  'winmail.dat',
  'letters.mbox',
  'article.xml',
  'talk.vtt',
  'readme.md',
  'regatta.csv',
];

/** The codes by which a file that cannot be read may fail: those of documents, and those that cost a child. */
export const EXPECTED_CODES: readonly string[] = [
  ...Object.keys(DOCUMENT_ERRORS),
  'deadline',
  'parser_crashed',
];

export interface FuzzOptions {
  seed: string;
  /** How many mutated files. */
  cases: number;
  /** Which of them to run; all if not given. */
  only: number | undefined;
  /** The documents that are mutated. */
  files: readonly string[];
}

/** What is to be run, unless `FUZZ_SEED` replays a run, of `FUZZ_CASES` files, or with `FUZZ_CASE` of one. */
export function fuzzOptions(files: readonly string[], cases: number): FuzzOptions {
  const { FUZZ_SEED, FUZZ_CASES, FUZZ_CASE } = process.env;
  return {
    seed: FUZZ_SEED ?? randomUUID().slice(0, 8),
    cases: FUZZ_CASES ? Number(FUZZ_CASES) : cases,
    only: FUZZ_CASE ? Number(FUZZ_CASE) : undefined,
    files,
  };
}

export interface MutatedFile {
  bytes: Buffer;
  filename: string;
  /** For what else differs from file to file. */
  random: Random;
}

/** What came of the files. */
export interface Outcomes {
  /** How often each: a success, or a code. */
  outcomes: Record<string, number>;
  /** The files that cost a child, or more, as cases to run again. */
  costly: string[];
}

/**
 * Makes mutated files, and hands each to whoever is to read it, `lanes` at a time.
 * @param outcomeOf what comes of a file: `success`, or a code
 */
export async function runCases(
  { seed, cases, only, files }: FuzzOptions,
  lanes: number,
  success: string,
  outcomeOf: (file: MutatedFile) => Promise<string>,
): Promise<Outcomes> {
  const documents = await Promise.all(
    files.map(async (name) => ({ name, bytes: await documentBytes(name) })),
  );
  const report: Outcomes = { outcomes: {}, costly: [] };
  const run = async (index: number) => {
    const random = new Random(`${seed}/${index}`);
    const { name, bytes } = random.pick(documents);
    const mutated = mutate(bytes, random, random.pick(documents).bytes);
    const filename = random.chance(0.9) ? name : random.pick(documents).name;
    const outcome = await outcomeOf({ bytes: mutated, filename, random });
    report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + 1;
    if (outcome === success || Object.hasOwn(DOCUMENT_ERRORS, outcome)) return;
    report.costly.push(`${outcome}: FUZZ_SEED=${seed} FUZZ_CASE=${index} (${name})`);
  };
  const indices = only === undefined ? Array.from({ length: cases }, (_, index) => index) : [only];
  const lane = async () => {
    for (let index; (index = indices.shift()) !== undefined;) await run(index);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return report;
}
