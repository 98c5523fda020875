import type { ProcessorError } from '../errors.ts';
import type { Task } from './protocol.ts';

/** Who asks for a task. */
export interface Caller {
  /** Aborts when it wants no response any more. */
  signal: AbortSignal;
  /** The document that it works on, if it says so: the tasks of one document take turns as one. */
  document: string | undefined;
  /** Id of its job, if the call names one. Log lines carry it. */
  job?: string | undefined;
}

/** What the caller of a task gets. */
export interface PendingResponse {
  /** Resolves when the task no longer waits: a child has begun it, or it is over. */
  readonly turn: Promise<void>;
  /**
   * Resolves with the first bytes of the response, and rejects with a {@link ProcessorError} if there are none.
   * An error that comes later errors the stream. Bytes wait in memory for a slow reader, so that the child is
   * free as early as possible; the text limit bounds them.
   */
  readonly response: Promise<ReadableStream<Uint8Array>>;
}

/** One task on its way through the pool, seen from both ends: the caller's response and the child's reports. */
export class TaskRun implements PendingResponse {
  readonly task: Task;
  readonly caller: Caller;
  readonly turn: Promise<void>;
  readonly response: Promise<ReadableStream<Uint8Array>>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #responded = Promise.withResolvers<ReadableStream<Uint8Array>>();
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #onEnd: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;

  /** @param onEnd called once, as soon as no child has anything more to do with the task */
  constructor(task: Task, caller: Caller, onEnd: () => void) {
    this.task = task;
    this.caller = caller;
    this.#onEnd = onEnd;
    this.turn = this.#begun.promise;
    this.response = this.#responded.promise;
    // Who awaits the turn first has not taken hold of the response yet.
    this.response.catch(() => {});
    this.#stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#ended = true;
      },
    });
  }

  begin(): void {
    this.#begun.resolve();
  }

  bytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#controller.enqueue(bytes);
    this.#responded.resolve(this.#stream);
  }

  done(): void {
    this.#end(() => {
      this.#controller.close();
      this.#responded.resolve(this.#stream);
    });
  }

  fail(error: ProcessorError): void {
    this.#end(() => {
      this.#controller.error(error);
      this.#responded.reject(error);
    });
  }

  #end(settle: () => void): void {
    if (!this.#ended) settle();
    this.#ended = true;
    this.#begun.resolve();
    this.#onEnd();
  }
}
