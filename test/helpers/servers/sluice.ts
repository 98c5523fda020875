import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isTerminal, type Job } from '../../../src/contract/job.ts';
import type { ParseResponse } from '../../../src/contract/services/processor.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { documentBytes } from '../../documents/documents.ts';
import { withPassword } from './embedded-redis.ts';

/** Secret of the processor, so that a test can call it. */
const PROCESSOR_SECRET = 'the-secret-of-the-tests';
const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

export interface TestSluice {
  url: string;
  pid: number;
  dataDir: string;
  /** Includes the password. */
  redisUrl: string;
  chromaUrl: string;
  /** What it has printed so far. */
  output(): string;
  /** Returns the log lines so far. Throws for a line that is not JSON. */
  logged(): Record<string, unknown>[];
  /** The pid of the process that runs a role, as the process list shows it. */
  rolePid(role: string): Promise<number>;
  /** Those of api, worker, processor and keywords, which stay the same for as long as none is lost. */
  rolePids(): Promise<number[]>;
  upload(file: string | File, fields?: Record<string, string>): Promise<UploadAccepted>;
  /** What its processor reads in a file: the text that offsets count in. */
  parse(file: string | File): Promise<ParseResponse>;
  job(id: string): Promise<Job>;
  /** Polls until the job is terminal. */
  ended(id: string, timeoutMs?: number): Promise<Job>;
  /** SIGTERM, and waits for the end. @returns the exit code */
  stop(): Promise<number | null>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

/**
 * Starts the whole program as `npm start` does, on free ports. One parser process suffices for most tests; each more
 * takes 1 s of CPU to start, 2 s with the bundled model.
 * @param options a folder to start on again, and more environment
 */
export async function startSluice(
  options: { dataDir?: string; env?: Record<string, string>; roles?: string[] } = {},
): Promise<TestSluice> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'sluice-test-')));
  const child = spawn(process.execPath, [MAIN, ...(options.roles ?? [])], {
    env: {
      ...process.env,
      PORT: '0',
      DATA_DIR: dataDir,
      PROCESSOR_SECRET,
      PROCESSOR_CHILDREN: '1',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let logged = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  child.stderr.on('data', (text: Buffer) => {
    printed += text.toString();
    logged += text.toString();
  });
  const found = async (pattern: RegExp) => {
    for (let waited = 0; waited < 120_000; waited += 20) {
      const match = pattern.exec(printed);
      if (match?.[1]) return match[1];
      if (child.exitCode !== null) break;
      await sleep(20);
    }
    throw new Error(`Sluice did not start:\n${printed}`);
  };
  const url = await found(/is (?:not )?ready: (http\S+)/);
  const redisUrl = withPassword(await found(/redis\s+(redis:\S+)/), dataDir);
  const chromaUrl = await found(/chroma\s+(http\S+)/);

  const job = async (id: string): Promise<Job> => {
    const response = await fetch(`${url}/api/jobs/${id}`);
    if (!response.ok) throw new Error(`job ${id}: HTTP ${response.status}`);
    return (await response.json()) as Job;
  };
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    return child.exitCode;
  };
  return {
    url,
    pid: child.pid as number,
    dataDir,
    redisUrl,
    chromaUrl,
    output: () => printed,
    logged: () =>
      logged
        .slice(0, logged.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    rolePid: (role) => rolePid(child, role),
    rolePids: () =>
      Promise.all(['api', 'worker', 'processor', 'keywords'].map((role) => rolePid(child, role))),
    job,
    async parse(file) {
      const processorUrl = await found(/processor\s+(http\S+)/);
      const response = await fetch(`${processorUrl}/parse`, {
        method: 'POST',
        headers: { authorization: `Bearer ${PROCESSOR_SECRET}` },
        body: await formWith(file),
      });
      return (await response.json()) as ParseResponse;
    },
    async upload(file, fields = {}) {
      const form = await formWith(file);
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      const response = await fetch(`${url}/api/documents/upload`, { method: 'POST', body: form });
      if (response.status !== 202)
        throw new Error(`upload: HTTP ${response.status} ${await response.text()}`);
      return (await response.json()) as UploadAccepted;
    },
    async ended(id, timeoutMs = 150_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        // While a killed server is on its way back a read may fail; the deadline bounds that too.
        const state = await job(id).catch(() => undefined);
        if (state && isTerminal(state.status)) return state;
        if (Date.now() > deadline)
          throw new Error(`job ${id} has not ended: ${JSON.stringify(state)}\n${printed}`);
        await sleep(50);
      }
    },
    stop,
    async close() {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** @param file the file to upload, or the name of one of the tests' documents */
async function formWith(file: string | File): Promise<FormData> {
  const form = new FormData();
  if (typeof file === 'string') form.append('file', new Blob([await documentBytes(file)]), file);
  else form.append('file', file);
  return form;
}

async function rolePid(parent: ChildProcess, role: string): Promise<number> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const children = await readFile(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8');
    for (const pid of children.trim().split(' ').filter(Boolean)) {
      const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (args.split('\0').some((arg) => arg === role || arg.endsWith(`/${role}`))) return Number(pid);
    }
    await sleep(50);
  }
  throw new Error(`no process runs as ${role}`);
}
