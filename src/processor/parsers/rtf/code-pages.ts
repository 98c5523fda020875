import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** Code page of Western European Windows, which RTF assumes. */
export const WESTERN = 1252;

/** Code pages of the character sets of fonts. Other sets use the document's. */
const OF_CHARSET = new Map([
  [77, 10_000],
  [128, 932],
  [129, 949],
  [134, 936],
  [136, 950],
  [161, 1253],
  [162, 1254],
  [163, 1258],
  [177, 1255],
  [178, 1256],
  [186, 1257],
  [204, 1251],
  [222, 874],
  [238, 1250],
]);
/** Encodings of code pages whose name is not `windows-` and their number. */
const ENCODINGS = new Map([
  [866, 'ibm866'],
  [932, 'shift_jis'],
  [936, 'gb18030'],
  [949, 'euc-kr'],
  [950, 'big5'],
  [10_000, 'macintosh'],
  [10_007, 'x-mac-cyrillic'],
  [20_866, 'koi8-r'],
  [20_932, 'euc-jp'],
  [21_866, 'koi8-u'],
  [54_936, 'gb18030'],
  [65_001, 'utf-8'],
]);
/** Signs of MS-DOS from 0x80 on, which no decoder knows. */
const DOS =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';
/** Signs of Western European MS-DOS. The first 27 are the same. */
const WESTERN_DOS =
  DOS.slice(0, 27) +
  'ø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0';
const DOS_PAGES = new Map([
  [437, DOS],
  [850, WESTERN_DOS],
]);

const decoders = new Map<number, TextDecoder>();

/** Returns the code page of a font's character set; undefined if the document decides. */
export function codePageOf(charset: number): number | undefined {
  return OF_CHARSET.get(charset);
}

/**
 * Decodes text of a code page. Some programs write UTF-8 whatever the file says.
 * @param mayBeUtf8 whether the file holds the bytes as they are
 */
export function decode(bytes: Uint8Array, codePage: number, mayBeUtf8: boolean): string {
  if (mayBeUtf8 && bytes.some((byte) => byte > 0x7f) && isUtf8(bytes)) return decoder(65_001).decode(bytes);
  const signs = DOS_PAGES.get(codePage);
  if (signs === undefined) return decoder(codePage).decode(bytes);
  return Array.from(bytes, (byte) =>
    byte > 0x7f ? (signs[byte - 0x80] ?? ' ') : String.fromCharCode(byte),
  ).join('');
}

function decoder(codePage: number): TextDecoder {
  const known = decoders.get(codePage);
  if (known) return known;
  try {
    const made = new TextDecoder(ENCODINGS.get(codePage) ?? `windows-${codePage}`, { ignoreBOM: true });
    decoders.set(codePage, made);
    return made;
  } catch {
    // The file names a code page that no decoder knows.
    return decoder(WESTERN);
  }
}
