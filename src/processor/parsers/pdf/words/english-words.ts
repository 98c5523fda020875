/** Endings that the dictionary leaves out, and the letters in their place. */
const ENDINGS: readonly [ending: string, instead: readonly string[]][] = [
  ['ies', ['y']],
  ['ied', ['y']],
  ['ing', ['', 'e']],
  ['es', ['', 'e']],
  ['ed', ['', 'e']],
  ['er', ['', 'e']],
  ['est', ['', 'e']],
  ['ly', ['']],
  ['s', ['']],
];
const PREFIX = /^(?:un|re|in|dis|mis|pre|non|over|under|inter)(?=\p{L}{3})/u;
/** The dictionary. Reading it takes 70 ms, so it waits for a document that needs it. */
let dictionary: Promise<ReadonlySet<string>> | undefined;

/** Returns a test for English words in lower case, with their usual endings and prefixes. */
export async function englishWords(): Promise<(word: string) => boolean> {
  const words = await (dictionary ??= readDictionary());
  return (word) => isWordOf(words, word);
}

function isWordOf(dictionary: ReadonlySet<string>, word: string): boolean {
  if (dictionary.has(word)) return true;
  const stems = ENDINGS.filter(([ending]) => word.endsWith(ending)).flatMap(([ending, instead]) =>
    instead.flatMap((end) => {
      const stem = word.slice(0, -ending.length);
      const single = stem.replace(/(.)\1$/u, '$1');
      return [stem + end, single + end];
    }),
  );
  const bare = word.replace(PREFIX, '');
  return stems.some((stem) => dictionary.has(stem)) || (bare !== word && isWordOf(dictionary, bare));
}

async function readDictionary(): Promise<ReadonlySet<string>> {
  const { default: dictionary } = await import('dictionary-en');
  const lines = Buffer.from(dictionary.dic).toString().split('\n').slice(1);
  return new Set(lines.map((line) => line.replace(/\/.*/, '').toLowerCase()));
}
