import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

import * as batches from '../../src/contract/batches/batch.ts';
import * as documents from '../../src/contract/documents.ts';
import * as job from '../../src/contract/job.ts';
import * as jobs from '../../src/contract/jobs.ts';
import * as search from '../../src/contract/search.ts';
import * as upload from '../../src/contract/upload.ts';
import { printType, type JsonSchema } from './print-type.ts';

const CLIENT = join(import.meta.dirname, '..');
const TSC = join(CLIENT, '../node_modules/tsc/bin/tsc');
/** Files with the public types, in the order of the page. The others are internal. */
const FILES = ['sluice', 'calls', 'sluice-error', 'api'];
/** An import of another file, or the export of what one of the files exports anyway. */
const LINKS = /^(?:import [^;]*;|export \{[^}]*\};)\n/gm;
const CONTRACT_IMPORT = /^import type \{([^}]*)\} from '[./]*\/src\/contract\/[^']*';/gm;

/** Every schema of the contract by the name of its type: `Job` for `JobSchema`. */
const SCHEMAS = Object.fromEntries(
  Object.entries({ ...batches, ...documents, ...job, ...jobs, ...search, ...upload })
    .filter(([name]) => name.endsWith('Schema'))
    .map(([name, schema]) => [name.replace(/Schema$/, ''), schema as v.GenericSchema]),
);

/**
 * Writes the declarations of the SDK as one text that imports nothing: what the compiler declares for its public files, and
 * the types of the contract that they use, from the schemas.
 */
export async function declareSdk(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-declarations-'));
  try {
    const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', '..'];
    await promisify(execFile)(process.execPath, [TSC, '-p', CLIENT, ...options, '--outDir', folder], {
      cwd: CLIENT,
    });
    const texts = await Promise.all(
      FILES.map((name) => readFile(join(folder, 'client/sdk', `${name}.d.ts`), 'utf8')),
    );
    const named = texts.flatMap((text) =>
      [...text.matchAll(CONTRACT_IMPORT)].flatMap(([, names = '']) => names.split(',')),
    );
    const own = texts.map((text) => text.replaceAll(LINKS, ''));
    return [...own, declareContract(named.map((name) => name.trim()))].join('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Declares types of the contract, and those that they name. */
function declareContract(names: readonly string[]): string {
  const wanted = new Set(names.filter((name) => name !== ''));
  const declared: string[] = [];
  // The set grows while it is read.
  for (const name of wanted) {
    const schema = SCHEMAS[name];
    if (!schema) throw new Error(`The contract has no ${name}Schema, which the SDK names.`);
    const { [name]: _own, ...definitions } = SCHEMAS;
    const printed = toJsonSchema(schema, { typeMode: 'output', errorMode: 'ignore', definitions });
    declared.push(
      `export type ${name} = ${printType(printed as JsonSchema, (other) => wanted.add(other))};\n`,
    );
  }
  return declared.join('');
}
