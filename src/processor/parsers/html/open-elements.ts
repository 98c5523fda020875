/** Elements without content. */
const VOID = /^(?:area|base|basefont|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;

const CELLS = ['td', 'th'];
const ROWS = ['tr', ...CELLS];
const SECTIONS = ['caption', 'tbody', 'thead', 'tfoot', ...ROWS];
/** Open elements that a tag closes without their end tags, but not beyond an element of the second list. */
const IMPLIED: Readonly<Record<string, readonly [closed: readonly string[], within: readonly string[]]>> = {
  li: [
    ['li', 'p'],
    ['ul', 'ol', 'menu', ...CELLS],
  ],
  dt: [
    ['dt', 'dd', 'p'],
    ['dl', ...CELLS],
  ],
  dd: [
    ['dt', 'dd', 'p'],
    ['dl', ...CELLS],
  ],
  td: [CELLS, ['tr', 'table']],
  th: [CELLS, ['tr', 'table']],
  tr: [['caption', ...ROWS], ['table']],
  tbody: [SECTIONS, ['table']],
  thead: [SECTIONS, ['table']],
  tfoot: [SECTIONS, ['table']],
  rt: [['rt', 'rp'], ['ruby']],
  rp: [['rt', 'rp'], ['ruby']],
};
/** Elements that stand apart from the words around them. */
export const ENDS_PARAGRAPH =
  /^(?:address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|listing|main|menu|nav|ol|p|plaintext|pre|search|section|summary|table|ul|xmp)$/;
const HEADING = /^h[1-6]$/;
/** Elements that an end tag within them leaves open, unless it is one of a table or the page. */
const SCOPE = /^(?:table|caption|t[dh])$/;
const ENDS_SCOPE = /^(?:table|caption|tr|t[dh]|tbody|thead|tfoot|body|html)$/;
const PARAGRAPH = [['p'], ['button', 'table', 'td', 'th', 'caption', 'object']] as const;
/** Most open elements within one that a later tag closes. Deeper nesting is an attack. */
const MAX_IMPLIED = 100;

/** Tracks the open elements of a page, outermost first. It closes those whose end tags HTML lets authors leave out. */
export class OpenElements {
  readonly #names: string[] = [];
  /** Depths of the open elements of a name, and of those that are a scope. */
  readonly #depths = new Map<string, number[]>();
  readonly #scopes: number[] = [];
  readonly #onClose: (name: string, depth: number) => void;

  /** @param onClose takes each element that ends, and the number of elements around it */
  constructor(onClose: (name: string, depth: number) => void) {
    this.#onClose = onClose;
  }

  get depth(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return (this.#depths.get(name)?.length ?? 0) > 0;
  }

  /** Closes the elements that a new one ends. */
  closeImplied(name: string): void {
    this.#closeTo(impliedEnd(name, this.#names));
  }

  /** Opens an element. Returns false for one without content. */
  open(name: string): boolean {
    if (VOID.test(name)) return false;
    const depths = this.#depths.get(name);
    if (depths) depths.push(this.depth);
    else this.#depths.set(name, [this.depth]);
    if (SCOPE.test(name)) this.#scopes.push(this.depth);
    this.#names.push(name);
    return true;
  }

  /**
   * Closes the innermost element of a name with all within it. Ignores an end tag whose element is not open, or is
   * outside of the open cell.
   */
  close(name: string): void {
    const depth = this.#depths.get(name)?.at(-1) ?? -1;
    const scope = ENDS_SCOPE.test(name) ? -1 : (this.#scopes.at(-1) ?? -1);
    if (depth > scope) this.#closeTo(depth);
  }

  closeAll(): void {
    this.#closeTo(0);
  }

  #closeTo(depth: number): void {
    while (this.#names.length > depth) {
      const name = this.#names.pop() ?? '';
      this.#depths.get(name)?.pop();
      if (SCOPE.test(name)) this.#scopes.pop();
      this.#onClose(name, this.#names.length);
    }
  }
}

/** Counts the elements that stay open where one begins. */
function impliedEnd(name: string, open: readonly string[]): number {
  const [closed, within] = IMPLIED[name] ?? (ENDS_PARAGRAPH.test(name) ? PARAGRAPH : [[], []]);
  const top = open.at(-1) ?? '';
  // One heading or link ends another, but not around what stands between them.
  const endsTop = name === 'a' ? top === 'a' : HEADING.test(name) && HEADING.test(top);
  let depth = endsTop ? open.length - 1 : open.length;
  if (closed.length === 0) return depth;
  for (let at = open.length - 1; at >= Math.max(0, open.length - MAX_IMPLIED); at--) {
    const element = open[at] ?? '';
    if (within.includes(element)) break;
    if (closed.includes(element)) depth = at;
  }
  return depth;
}
