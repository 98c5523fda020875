/** Most lines of one message within a window. A loop that fails every second then writes 20 a minute, not 60. */
const MOST_LINES = 20;
const WINDOW_MS = 60_000;

/** Limits the lines of one message to 20 a minute, then logs one line with a count. Fields do not matter. */
export class RepeatLimit<Level extends string> {
  readonly #report: (level: Level, message: string, leftOut: number) => void;
  readonly #lines = new Map<string, number>();

  /** @param report logs the number of lines that were left out */
  constructor(report: (level: Level, message: string, leftOut: number) => void) {
    this.#report = report;
  }

  /** Counts a line. @returns whether it may be written */
  pass(level: Level, message: string): boolean {
    if (this.#lines.size === 0) setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    const key = `${level} ${message}`;
    const count = (this.#lines.get(key) ?? 0) + 1;
    this.#lines.set(key, count);
    return count <= MOST_LINES;
  }

  #endWindow(): void {
    for (const [key, count] of this.#lines) {
      const space = key.indexOf(' ');
      if (count > MOST_LINES)
        this.#report(key.slice(0, space) as Level, key.slice(space + 1), count - MOST_LINES);
    }
    this.#lines.clear();
  }
}
