/** Elements without content. */
const VOID = /^(?:area|base|basefont|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;

const CELLS = ['td', 'th'];
const ROWS = ['tr', ...CELLS];
const SECTIONS = ['caption', 'tbody', 'thead', 'tfoot', ...ROWS];
/** Open elements that a tag closes without their end tags, but not beyond an element of the second list. */
const IMPLIED: Readonly<Record<string, readonly [closed: readonly string[], within: readonly string[]]>> = {
  li: [
    ['li', 'p'],
    ['ul', 'ol', 'menu'],
  ],
  dt: [['dt', 'dd', 'p'], ['dl']],
  dd: [['dt', 'dd', 'p'], ['dl']],
  td: [CELLS, ['tr', 'table']],
  th: [CELLS, ['tr', 'table']],
  tr: [['caption', ...ROWS], ['table']],
  tbody: [SECTIONS, ['table']],
  thead: [SECTIONS, ['table']],
  tfoot: [SECTIONS, ['table']],
  a: [['a'], ['table', ...CELLS, 'caption', 'object']],
  rt: [['rt', 'rp'], ['ruby']],
  rp: [['rt', 'rp'], ['ruby']],
};
/** Elements that stand apart from the words around them. */
export const ENDS_PARAGRAPH =
  /^(?:address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|listing|main|menu|nav|ol|p|plaintext|pre|search|section|summary|table|ul|xmp)$/;
const HEADING = /^h[1-6]$/;
const PARAGRAPH = [['p'], ['button', 'table', 'td', 'th', 'caption', 'object']] as const;
/** Most open elements within one that a later tag closes. Deeper nesting is an attack. */
const MAX_IMPLIED = 100;

/** Names of the open elements of a page, outermost first. It closes elements whose end tags HTML lets authors leave out. */
export class OpenElements {
  readonly #names: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #onClose: (name: string, depth: number) => void;

  /** @param onClose takes each element that ends, and the number of elements around it */
  constructor(onClose: (name: string, depth: number) => void) {
    this.#onClose = onClose;
  }

  get depth(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  /** Closes the elements that a new one ends. */
  closeImplied(name: string): void {
    this.#closeTo(impliedEnd(name, this.#names));
  }

  /** Opens an element. Returns false for one without content. */
  open(name: string): boolean {
    if (VOID.test(name)) return false;
    this.#names.push(name);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return true;
  }

  /** Closes the innermost element of a name with all within it. An end tag without an open element is ignored. */
  close(name: string): void {
    if (this.has(name)) this.#closeTo(this.#names.lastIndexOf(name));
  }

  closeAll(): void {
    this.#closeTo(0);
  }

  #closeTo(depth: number): void {
    while (this.#names.length > depth) {
      const name = this.#names.pop() ?? '';
      this.#counts.set(name, (this.#counts.get(name) ?? 1) - 1);
      this.#onClose(name, this.#names.length);
    }
  }
}

/** Counts the elements that stay open where one begins. */
function impliedEnd(name: string, open: readonly string[]): number {
  const [closed, within] = IMPLIED[name] ?? (ENDS_PARAGRAPH.test(name) ? PARAGRAPH : [[], []]);
  // One heading ends another, but not around what stands between them.
  let depth = HEADING.test(name) && HEADING.test(open.at(-1) ?? '') ? open.length - 1 : open.length;
  if (closed.length === 0) return depth;
  for (let at = open.length - 1; at >= Math.max(0, open.length - MAX_IMPLIED); at--) {
    const element = open[at] ?? '';
    if (within.includes(element)) break;
    if (closed.includes(element)) depth = at;
  }
  return depth;
}
