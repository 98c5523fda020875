import type { ProcessorError } from '../errors.ts';
import type { Task } from './protocol.ts';

/** Who asks for a task. */
export interface Caller {
  /** Aborts when it wants no answer any more. */
  signal: AbortSignal;
  /** The document that it works on, if it says so: the tasks of one document take turns as one. */
  document: string | undefined;
  /** Id of its job, if the call names one. Log lines carry it. */
  job?: string | undefined;
}

/** What the caller of a task gets. */
export interface PendingAnswer {
  /** Resolves when the task no longer waits: a child has begun it, or it is over. */
  readonly turn: Promise<void>;
  /**
   * Resolves with the first bytes of the answer, and rejects with a {@link ProcessorError} if there are none.
   * An error that comes later errors the stream. Bytes wait in memory for a slow reader, so that the child is
   * free as early as possible; the text limit bounds them.
   */
  readonly answer: Promise<ReadableStream<Uint8Array>>;
}

/** One task on its way through the pool, seen from both ends: the caller's answer and the child's reports. */
export class TaskRun implements PendingAnswer {
  readonly task: Task;
  readonly caller: Caller;
  readonly turn: Promise<void>;
  readonly answer: Promise<ReadableStream<Uint8Array>>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #answered = Promise.withResolvers<ReadableStream<Uint8Array>>();
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
    this.answer = this.#answered.promise;
    // Who awaits the turn first has not taken hold of the answer yet.
    this.answer.catch(() => {});
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
    this.#answered.resolve(this.#stream);
  }

  done(): void {
    this.#end(() => {
      this.#controller.close();
      this.#answered.resolve(this.#stream);
    });
  }

  fail(error: ProcessorError): void {
    this.#end(() => {
      this.#controller.error(error);
      this.#answered.reject(error);
    });
  }

  #end(settle: () => void): void {
    if (!this.#ended) settle();
    this.#ended = true;
    this.#begun.resolve();
    this.#onEnd();
  }
}
