/** Makes the first letter a capital. */
export const capitalize = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** Compares two texts by code units, as times in RFC 3339 sort. `localeCompare` takes fifty times as long. */
export function compareTexts(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
