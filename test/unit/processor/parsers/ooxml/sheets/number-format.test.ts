import { expect, it } from 'vitest';

import {
  builtInFormat,
  formatNumber,
  parseFormat,
} from '../../../../../../src/processor/parsers/ooxml/sheets/number-format.ts';

it.each([
  ['yyyy"h"', '45292.75', '2024-01-01'],
  ['[$-409]d\\-mmm\\-yy;@', '45351', '2024-02-29'],
  ['m/d/yy h:mm', '45292.75', '2024-01-01 18:00'],
  ['h:mm:ss AM/PM', '0.5000116', '12:00:01'],
  ['[h]:mm', '1.25', '30:00'],
  ['mm:ss', '0.0007', '00:01'],
  ['mm:ss.0', '0.0007', '00:01'],
  ['0.00%', '0.07', '7%'],
  ['0.00E+00', '1e-7', '1e-7'],
  ['General', '12345678901234567890', '12345678901234567890'],
  ['yyyy', '59', '1900-02-28'],
  ['yyyy', '61', '1900-03-01'],
  ['yyyy', '-3', '-3'],
  ['yyyy', 'n/a', 'n/a'],
])('formats a number as %s: %s', (code, value, text) => {
  expect(formatNumber(value, parseFormat(code), false)).toBe(text);
});

it.each([
  ['#,##0.00\\ "EUR"', '1234.5', '1234.5 EUR'],
  ['#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]', '-1234.50', '-1234.5 €'],
  ['$#,##0.00_);\\($#,##0.00\\)', '-5', '-$5'],
  ['_-"£"* #,##0.00_-;-"£"* #,##0.00_-;_-"£"* "-"??_-;_-@_-', '0', '£0'],
  ['[$CHF] * #,##0', '12', 'CHF 12'],
  ['0"kg"', '40', '40kg'],
  ['General" m²"', '2.50', '2.5 m²'],
  ['0 USD', '3', '3 USD'],
  ['[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', '1250000', '1.25M'],
  ['[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', '999', '999'],
  ['"Yes";"Yes";"No"', '1', 'Yes'],
  [';;;', '7', '7'],
  ['# ?/2', '1.5', '1.5'],
  ['# ??/16" in"', '1.5', '1.5 in'],
  ['00000', '1067', '01067'],
  ['"AB-"00000', '123', 'AB-00123'],
  ['000-00-0000', '12345678', '012-34-5678'],
  ['000\\ 000', '-1234567', '-1234 567'],
  ['#\\ ##0', '1234567', '1234567'],
  ['00000', '10.5', '10.5'],
  ['(000) 000', '123456', '123456'],
])('keeps the unit of %s: %s', (code, value, text) => {
  expect(formatNumber(value, parseFormat(code), false)).toBe(text);
});

it('knows the formats that a file does not spell out', () => {
  const shown = [0, 5, 9, 14, 20, 22, 44, 46].map((id) => formatNumber('1.5', builtInFormat(id), false));
  expect(shown).toEqual(['1.5', '$1.5', '150%', '1900-01-01', '12:00', '1900-01-01 12:00', '$1.5', '36:00']);
});

it('searches for unclosed parts in time proportional to the code', () => {
  const start = process.cpuUsage();
  expect(formatNumber('1', parseFormat(`0${'[$'.repeat(40_000)}`), false)).toMatch(/^1/);
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1);
});

it('counts the days of a workbook from 1904 if it says so', () => {
  expect(formatNumber('0', builtInFormat(14), true)).toBe('1904-01-01');
});
