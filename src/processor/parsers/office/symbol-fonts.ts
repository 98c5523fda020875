/** Signs that follow each other in a font, from the character that the first stands at. */
type Stretch = readonly [first: number, signs: string];

/** What fonts draw for letters: all of Symbol, and of the others what texts are marked with. */
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

/** Where files put the characters of such a font, so that they are nobody's letters. */
const PRIVATE_FIRST = 0xf000;
const PRIVATE_LAST = 0xf0ff;

/** Whether a font draws signs for letters, known ones. */
export function isSymbolFont(font: string): boolean {
  return signs.has(font.toLowerCase());
}

/** A text as its font draws it; a sign that is nothing but a place in a font is a blank. */
export function drawnText(font: string, text: string): string {
  const known = signs.get(font.toLowerCase());
  return Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const isPrivate = code >= PRIVATE_FIRST && code <= PRIVATE_LAST;
    return known?.get(isPrivate ? code - PRIVATE_FIRST : code) ?? (isPrivate ? ' ' : char);
  }).join('');
}
