/** Header of a documented response. It names the parameters and form fields of the request that the route ignored. */
export const IGNORED_HEADER = 'sluice-ignored';

/** Most names in the header. With the next limit, the header stays below 1.1 KB. */
const MAX_NAMES = 16;
/** Longest name in the header, in percent-encoded characters. */
const MAX_NAME = 64;

/**
 * Formats the header for the names that a route ignored: each once, percent-encoded, with commas between. An encoded
 * name has no `+` and no `"`. So `+` after a name means that it is cut, `+7` that 7 more names follow, and `""` is the
 * empty name.
 * @returns no header for no names
 */
export function ignoredHeader(names: Iterable<string>): Record<string, string> {
  const all = [...new Set(names)];
  if (all.length === 0) return {};
  const more = all.length - MAX_NAMES;
  const items = [...all.slice(0, MAX_NAMES).map(encode), ...(more > 0 ? [`+${more}`] : [])];
  return { [IGNORED_HEADER]: items.join(', ') };
}

function encode(name: string): string {
  let encoded = '';
  // No character takes less than one place, so the rest of a long name does not matter.
  for (const character of name.slice(0, MAX_NAME + 1).toWellFormed()) {
    const next = encoded + encodeURIComponent(character);
    if (next.length > MAX_NAME) return `${encoded}+`;
    encoded = next;
  }
  return encoded || '""';
}
