import { spawn, type ChildProcess } from 'node:child_process';

/** Far longer than any call takes: a listener that has missed an event would wait for ever. */
const TIMEOUT_MS = 60_000;

/** What a process does when it is told to. */
export type Calls = Record<string, (argument: never) => Promise<unknown>>;

interface RemoteResponse {
  result?: unknown;
  error?: string;
}

/** Carries out the parent's calls, one at a time. The process ends with its parent. */
export function serve(calls: Calls): void {
  process.on('message', ([name, argument]: [string, unknown]) => {
    const call = async (): Promise<RemoteResponse> => {
      try {
        return { result: await calls[name]?.(argument as never) };
      } catch (error) {
        return { error: `${name}: ${error instanceof Error ? error.stack : String(error)}` };
      }
    };
    void call().then((response) => process.send?.(response));
  });
  process.on('disconnect', () => process.exit(0));
}

/** A process of the benchmark's, called over IPC. */
export class Remote {
  readonly #child: ChildProcess;

  /** @param flags Node's own */
  constructor(path: string, args: readonly string[], flags: readonly string[] = []) {
    this.#child = spawn(process.execPath, [...flags, path, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Has the process do something; one call at a time. */
  async call<T = void>(name: string, argument?: unknown): Promise<T> {
    const response = await new Promise<RemoteResponse>((resolve, reject) => {
      const failed = () => reject(new Error(`a process of the benchmark's ended, or hangs, during ${name}`));
      const timer = setTimeout(failed, TIMEOUT_MS);
      this.#child.once('exit', failed);
      this.#child.once('message', (message) => {
        clearTimeout(timer);
        this.#child.off('exit', failed);
        resolve(message as RemoteResponse);
      });
      this.#child.send([name, argument]);
    });
    if (response.error !== undefined) throw new Error(response.error);
    return response.result as T;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exit;
  }
}
