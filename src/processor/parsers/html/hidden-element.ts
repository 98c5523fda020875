import type { Tag } from '../markup/markup-tags.ts';

const HIDING = /^(?:display:none|visibility:(?:hidden|collapse))$/;
/** Matches a comment, a string, a link or blanks in a style. */
const STYLE_TOKEN = /\/\*[^]*?(?:\*\/|$)|"[^"]*"|'[^']*'|url\([^()]*\)|\s+/g;
/** Matches an escaped letter: a backslash before its code point, or before the letter itself. */
const ESCAPED_LETTER = /\\(?:0{0,4}([4-7][\da-f])(?![\da-f])\s?|([g-z]))/g;
/** Longest style that hides an element, in characters. */
const MAX_STYLE = 10_000;

/**
 * Returns whether an element of HTML hides its content. A closed dialog does, as does an element with `hidden`,
 * whatever its value, or with a hiding style of its own. `aria-hidden` hides from screen readers alone, and folded
 * content, as in `details`, is one click away.
 */
export function isHidden({ name, attributes }: Tag): boolean {
  if (attributes.size === 0) return name === 'dialog';
  return (
    attributes.has('hidden') ||
    attributes.has('popover') ||
    (name === 'dialog' && !attributes.has('open')) ||
    hides(attributes.get('style') ?? '')
  );
}

/** The last declaration of a property wins, but an important one wins over all others. */
function hides(style: string): boolean {
  const declared = new Map<string, string>();
  for (const declaration of style
    .slice(0, MAX_STYLE)
    .toLowerCase()
    .replace(ESCAPED_LETTER, (_, code: string | undefined, letter: string) =>
      code === undefined ? letter : String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replace(STYLE_TOKEN, '')
    .split(';')) {
    const property = declaration.split(':', 1)[0] ?? '';
    if (!declared.get(property)?.endsWith('!important') || declaration.endsWith('!important'))
      declared.set(property, declaration);
  }
  return [...declared.values()].some((declaration) => HIDING.test(declaration.replace('!important', '')));
}
