import { Duplex } from 'node:stream';

/** Reads a server's text frame as RFC 6455 has it. @returns the payload, and what comes behind the frame */
function readFrame(bytes: Buffer): { payload: string; rest: Buffer } {
  const short = bytes[1] as number;
  const [length, start] =
    short === 127
      ? [Number(bytes.readBigUInt64BE(2)), 10]
      : short === 126
        ? [bytes.readUInt16BE(2), 4]
        : [short, 2];
  return { payload: bytes.toString('utf8', start, start + length), rest: bytes.subarray(start + length) };
}

/** A socket that takes what it is given when it is told to. */
export class SlowStream extends Duplex {
  readonly #taken: string[] = [];
  #taking: (() => void) | undefined;
  #open: boolean;

  /** @param open whether it takes everything at once */
  constructor(open = false) {
    super();
    this.#open = open;
  }

  /** The messages in the frames that it was given, parsed. */
  get given(): { type: string; [key: string]: unknown }[] {
    return this.#taken.flatMap((text) => JSON.parse(text) as { type: string });
  }

  /** Takes what it holds, and nothing more. */
  takeOne(): void {
    const taking = this.#taking;
    this.#taking = undefined;
    taking?.();
  }

  /** Takes everything from now on. */
  open(): void {
    this.#open = true;
    this.takeOne();
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, taken: () => void): void {
    for (let rest = bytes; rest.length > 0;) {
      const frame = readFrame(rest);
      this.#taken.push(frame.payload);
      rest = frame.rest;
    }
    if (this.#open || bytes.length === 0) taken();
    else this.#taking = taken;
  }
}
