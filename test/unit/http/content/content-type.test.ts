import { expect, test } from 'vitest';

import { contentTypeOf } from '../../../../src/http/content/content-type.ts';

test.each(['application/pdf', 'text/plain', 'text/html', 'image/svg+xml', 'application/vnd.ms-excel'])(
  'a document of type %s is sent as such',
  (type) => {
    expect(contentTypeOf(type)).toBe(type);
    expect(contentTypeOf(`${type.toUpperCase()}; charset=utf-7`)).toBe(type);
  },
);

test.each([
  undefined,
  '',
  'text',
  'text/plain\r\nSet-Cookie: a=b',
  'text/plain, text/html',
  'täxt/plain',
  'text/javascript',
  'application/x-javascript',
  'text/javascript1.5',
  'application/ecmascript',
  'text/jscript',
  'text/livescript',
  'text/css',
  'application/wasm',
  'multipart/x-mixed-replace',
])('a document of type %j is sent as bytes, because a page could load it or no client reads it', (type) => {
  expect(contentTypeOf(type)).toBe('application/octet-stream');
});
