/** Type of bytes that no reader should interpret. */
const BYTES = 'application/octet-stream';
/** A type without parameters (RFC 6838). */
const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/;
/**
 * Types that a page of our origin can load as its own script, style or module. No header of the response stops that. The
 * page's policy admits them, because they come from its origin. Parts of a multipart response bring headers of their own.
 */
const LOADABLE =
  /^(?:multipart\/.*|text\/css|application\/wasm|[a-z]+\/(?:x-)?(?:java|ecma|j|live)script[\d.]*)$/;

/**
 * Returns the `Content-Type` for the bytes of a document.
 * @param mediaType the parser's finding or the uploader's claim: any text. The function drops its parameters, because they
 * may not fit the original
 */
export function contentTypeOf(mediaType = ''): string {
  const [essence = ''] = mediaType.split(';');
  const type = essence.trim().toLowerCase();
  return MEDIA_TYPE.test(type) && !LOADABLE.test(type) ? type : BYTES;
}
