/**
 * Writes a comment with its mark, author and place, such as `Comment (Ann) B4: Check this.` The mark tells readers that the
 * words are no part of the document's own text.
 * @param place name of the cell that the comment is about; '' if the format names no places
 */
export function commentText(author: string, text: string, place = ''): string {
  const by = author.trim() === '' ? '' : ` (${author.trim()})`;
  return `Comment${by}${place && ` ${place}`}: ${text.trim()}`;
}
