import { ProcessorError } from '../../errors.ts';
import { TOO_LARGE, type Budget } from './budget.ts';
import { markupTokenizer, type Tag } from './markup-tags.ts';
import { prefixOf } from './vocabularies.ts';
import type { XmlElement } from './xml-element.ts';

/** Most elements of one tree, because a tree stays in memory. A Word table of 400,000 cells that is refused takes 715 MiB. */
const MAX_TREE = 1_500_000;
/** Deepest nesting. Readers of trees recurse. */
const MAX_DEPTH = 500;
/** Characters that the tokenizer takes at once. Finished trees go out in between. */
const SLICE_CHARS = 64 * 1024;
/**
 * Matches a document type with declarations of its own before the first element. The formats use none, so such a part
 * is an attack. Until 2008 OpenOffice wrote document types without declarations.
 */
const DOCTYPE = /^(?:\s|<\?(?:(?!\?>)[^])*\?>|<!--(?:(?!-->)[^])*-->)*<!doctype[^>[]*\[/i;
const START_CHARS = 4096;

const TOO_DEEP = 'The file nests its parts too deep to read. Nest them less, and upload it again.';
const DECLARES_TYPE =
  'The file declares XML of its own, as no Office document does. Save it again with an Office program.';

/**
 * Reads XML as a stream of trees: each outermost element with one of the names, once it has ended. It passes over other
 * elements. XML has no entities but its own. An unclosed element ends with the one around it.
 * @param names of elements; by default any, which yields the root
 * @throws {ProcessorError} `text_too_long`, or `corrupt` for declarations of its own or too deep nesting
 */
export function* readXml(xml: string, budget: Budget, names?: ReadonlySet<string>): Generator<XmlElement> {
  if (DOCTYPE.test(xml.slice(0, START_CHARS))) throw new ProcessorError('corrupt', { detail: DECLARES_TYPE });
  const reader = new TreeReader(budget, names);
  const tokenizer = markupTokenizer(xml, reader, true);
  for (let at = 0; at < xml.length; at += SLICE_CHARS) {
    tokenizer.write(xml.slice(at, at + SLICE_CHARS));
    yield* reader.take();
  }
  tokenizer.end();
  reader.end();
  yield* reader.take();
}

interface OpenElement {
  /** Name as the file writes it. */
  tag: string;
  /** Absent outside of trees. */
  element: XmlElement | undefined;
  /** Prefixes in force, by those of the file. */
  prefixes: ReadonlyMap<string, string>;
}

class TreeReader {
  readonly #budget: Budget;
  readonly #names: ReadonlySet<string> | undefined;
  readonly #open: OpenElement[] = [];
  /** Number of open elements by their tag, so that a false end tag costs no search. */
  readonly #counts = new Map<string, number>();
  #finished: XmlElement[] = [];
  #treeSize = 0;

  constructor(budget: Budget, names: ReadonlySet<string> | undefined) {
    this.#budget = budget;
    this.#names = names;
  }

  tag({ kind, name: tag, attributes }: Tag): void {
    if (kind === 'closes') {
      if ((this.#counts.get(tag) ?? 0) === 0) return;
      while (this.#close() !== tag);
      return;
    }
    this.#budget.spend();
    if (this.#open.length >= MAX_DEPTH) throw new ProcessorError('corrupt', { detail: TOO_DEEP });
    const around = this.#open.at(-1);
    const prefixes = prefixesIn(attributes, around?.prefixes ?? new Map());
    const name = usualName(tag, prefixes, true);
    const parent = around?.element;
    let element: XmlElement | undefined;
    if (parent || !this.#names || this.#names.has(name)) {
      if (++this.#treeSize > MAX_TREE) throw new ProcessorError('text_too_long', { detail: TOO_LARGE });
      element = { name, attributes: usualAttributes(attributes, prefixes), children: [] };
      parent?.children.push(element);
    }
    this.#open.push({ tag, element, prefixes });
    this.#counts.set(tag, (this.#counts.get(tag) ?? 0) + 1);
    if (kind === 'empty') this.#close();
  }

  text(text: string): void {
    this.#open.at(-1)?.element?.children.push(text);
  }

  /** Returns the trees that have ended since the last call. */
  take(): XmlElement[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  end(): void {
    while (this.#open.length > 0) this.#close();
  }

  #close(): string | undefined {
    const closed = this.#open.pop();
    if (!closed) return undefined;
    this.#counts.set(closed.tag, (this.#counts.get(closed.tag) ?? 1) - 1);
    if (closed.element && !this.#open.at(-1)?.element) {
      this.#finished.push(closed.element);
      this.#treeSize = 0;
    }
    return closed.tag;
  }
}

/** Returns the prefixes in force within an element. The default vocabulary has the prefix ''. */
function prefixesIn(
  attributes: ReadonlyMap<string, string>,
  around: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let prefixes: Map<string, string> | undefined;
  for (const [name, value] of attributes) {
    if (!name.startsWith('xmlns')) continue;
    const prefix = name === 'xmlns' ? '' : name.slice('xmlns:'.length);
    (prefixes ??= new Map(around)).set(prefix, prefixOf(value) ?? prefix);
  }
  return prefixes ?? around;
}

/** Gives a name the usual prefix of its vocabulary. The default vocabulary is none of attributes. */
function usualName(name: string, prefixes: ReadonlyMap<string, string>, isElement: boolean): string {
  const colon = name.indexOf(':');
  if (colon === -1 && !isElement) return name;
  const prefix = colon === -1 ? '' : name.slice(0, colon);
  const usual = prefixes.get(prefix) ?? prefix;
  if (usual === prefix) return name;
  return usual === '' ? name.slice(colon + 1) : `${usual}:${name.slice(colon + 1)}`;
}

function usualAttributes(
  attributes: ReadonlyMap<string, string>,
  prefixes: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  for (const name of attributes.keys()) {
    if (usualName(name, prefixes, false) !== name)
      return new Map(Array.from(attributes, ([key, value]) => [usualName(key, prefixes, false), value]));
  }
  return attributes;
}
