/** Consecutive signs of a font, from the first one's character code on. */
type Stretch = readonly [first: number, signs: string];

/** Signs that fonts draw for letters: all of Symbol, and the usual marks of the others. */
const FONTS: Readonly<Record<string, readonly Stretch[]>> = {
  symbol: [
    [0x21, '!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_'],
    [0x60, '‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼'],
    [0xa0, '€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉'],
    [0xd0, '∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪'],
    [0xf1, '〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭'],
  ],
  wingdings: [
    [0x28, '☎✆✉'],
    [0x41, '✌👌👍👎☜☞☝☟'],
    [0x4a, '☺😐☹'],
    [0x6c, '●❍■□□❑❒'],
    [0x74, '⧫◆❖'],
    [0x78, '☒'],
    [0x80, '⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿'],
    [0x9e, '·•▪○'],
    [0xa7, '▪◻'],
    [0xab, '★'],
    [0xd8, '➢'],
    [0xdc, '➲'],
    [0xdf, '←→↑↓↖↗↙↘←➔'],
    [0xef, '⇦⇨⇧⇩⬄⇳'],
    [0xfb, '✗✓☒☑'],
  ],
  'wingdings 2': [
    [0x4f, '✗✓☒☑☒☒'],
    [0xa3, '□'],
  ],
};

const signs = new Map(
  Object.entries(FONTS).map(([font, stretches]) => [
    font,
    new Map(
      stretches.flatMap(([first, found]) => Array.from(found, (sign, at) => [first + at, sign] as const)),
    ),
  ]),
);

/** Files store symbol characters from this private code point on, apart from real letters. */
const PRIVATE_FIRST = 0xf000;
const PRIVATE_LAST = 0xf0ff;

/** Returns whether the table knows a font's signs. */
export function isSymbolFont(font: string): boolean {
  return signs.has(font.toLowerCase());
}

/** Returns a text as its font draws it. A code without a known sign becomes a blank. */
export function drawnText(font: string, text: string): string {
  const known = signs.get(font.toLowerCase());
  return Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const isPrivate = code >= PRIVATE_FIRST && code <= PRIVATE_LAST;
    return known?.get(isPrivate ? code - PRIVATE_FIRST : code) ?? (isPrivate ? ' ' : char);
  }).join('');
}
