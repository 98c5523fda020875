/** A script with a language of ours. `other` is any other. */
export type Script =
  | 'latin'
  | 'greek'
  | 'cyrillic'
  | 'armenian'
  | 'arabic'
  | 'devanagari'
  | 'tamil'
  | 'other';

/** Blocks of Unicode: first and last code unit. */
const BLOCKS: [number, number, Script][] = [
  [0x00_00, 0x02_af, 'latin'],
  [0x03_70, 0x03_ff, 'greek'],
  [0x04_00, 0x05_2f, 'cyrillic'],
  [0x05_30, 0x05_8f, 'armenian'],
  [0x06_00, 0x07_7f, 'arabic'],
  [0x08_a0, 0x08_ff, 'arabic'],
  [0x09_00, 0x09_7f, 'devanagari'],
  [0x0b_80, 0x0b_ff, 'tamil'],
  [0x1e_00, 0x1e_ff, 'latin'],
  [0x1f_00, 0x1f_ff, 'greek'],
  [0xfb_00, 0xfb_06, 'latin'],
  [0xfb_13, 0xfb_17, 'armenian'],
  [0xfb_50, 0xfd_ff, 'arabic'],
  [0xfe_70, 0xfe_fe, 'arabic'],
  [0xff_21, 0xff_5a, 'latin'],
];

/** Returns the script of a word by its first code unit. */
export function scriptOf(word: string): Script {
  const code = word.charCodeAt(0);
  if (code < 0x02_af) return 'latin';
  for (const [first, last, script] of BLOCKS) if (code >= first && code <= last) return script;
  return 'other';
}
