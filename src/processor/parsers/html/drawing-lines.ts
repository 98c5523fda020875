/** Elements of a drawing that it does not show where they are. */
export const STORED = /^(?:desc|metadata|defs|symbol)$/;

/** Finds the lines of words in drawings. Programs part words of one line, too, at the height that they have. */
export class DrawingLines {
  /** Height of the last words; undefined if it is not known. */
  #y: string | undefined;

  /** Returns whether an element of a drawing begins a new line of words. */
  startsLine(name: string, attributes: ReadonlyMap<string, string>): boolean {
    const y = attributes.get('y');
    if (name === 'text') {
      this.#y = y;
      return true;
    }
    if (name !== 'tspan') return false;
    const isMoved = Number.parseFloat(attributes.get('dy') ?? '0') !== 0;
    const starts = isMoved || (y !== undefined && y !== this.#y);
    if (isMoved) this.#y = undefined;
    else if (y !== undefined) this.#y = y;
    return starts;
  }
}
