/** Words that stand beside the number of a page, in the languages of most documents. */
const PAGE_WORDS = new Set(
  'page pages of seite von blatt página pagina de di da do pag pág p pg s sur sida side av af strona z sivu strana стр страница из trang sayfa sid str lk hal halaman oldal stránka strany stranica puslapis σελίδα σελ صفحة 쪽 페이지 стор сторінка'.split(
    ' ',
  ),
);
const EASTERN_PAGE_WORDS = /^(?:[第頁页共]|ページ)+(?:[1-9]\d{0,3}(?:[第頁页共]|ページ)+)*$/;
/** Words and numbers, and the signs between them. */
const TOKEN = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu;
/** A number of a page, in digits or Roman. Longer ones, and those that begin with 0, number something else. */
const PAGE_NUMBER = /^(?:[1-9]\d{0,3}|x{0,3}(?:ix|iv|v?i{0,3}))$/;
const SEPARATOR = /^[-–—/.|:()[\]•·,，]$/;

/**
 * Returns whether a line of a running head says no more than the number of a page, and how many there are. The numbers may be
 * absent, as where a field gives them.
 */
export function numbersPage(text: string): boolean {
  const tokens = text.toLowerCase().match(TOKEN) ?? [];
  const isWord = (token: string) =>
    PAGE_WORDS.has(token) || EASTERN_PAGE_WORDS.test(token) || SEPARATOR.test(token);
  const numbers = tokens.filter((token) => PAGE_NUMBER.test(token));
  return numbers.length <= 2 && tokens.every((token) => isWord(token) || PAGE_NUMBER.test(token));
}

/** Removes page numbers from a line of a running head. Returns '' if the line has nothing else. */
export function runningLine(line: string): string {
  if (numbersPage(line)) return '';
  // A number alone beside words may belong to them.
  const pieces = line.split(/[\t\n]/).filter((piece) => /^[\s\p{N}]+$/u.test(piece) || !numbersPage(piece));
  return pieces.join(' ').trim().replace(/\s+/g, ' ');
}
