/**
 * Writes a comment as words that say what they are, such as `Comment (Ann) B4: Check this.`
 * @param place of the words that it is about, if those have a name
 */
export function commentText(author: string, text: string, place = ''): string {
  const by = author.trim() === '' ? '' : ` (${author.trim()})`;
  return `Comment${by}${place && ` ${place}`}: ${text.trim()}`;
}
