import type { XmlElement } from '../markup/xml-element.ts';

/** A unit of money in a shown amount. */
const UNIT = /[\p{L}\p{Sc}]/u;
const DURATION = /^PT(\d+)H(\d+)M(\d+)/;

/**
 * Writes the value of a spreadsheet's cell. Dates and times become ISO 8601. An amount of money keeps its unit. Other
 * values stay as the sheet shows them.
 * @param shown words of the cell
 */
export function cellValue({ attributes }: XmlElement, shown: string): string {
  const value = attributes.get('office:value') ?? '';
  switch (attributes.get('office:value-type')) {
    case 'date':
      return dateValue(attributes.get('office:date-value')) ?? shown;
    case 'time':
      return timeValue(attributes.get('office:time-value')) ?? shown;
    case 'currency': {
      const amount = shown === '' ? value : shown;
      return UNIT.test(amount) ? amount : `${amount} ${attributes.get('office:currency') ?? ''}`.trim();
    }
    case 'percentage':
      return shown === '' && value !== '' ? `${Number((Number(value) * 100).toPrecision(15))}%` : shown;
    default:
      return (
        shown ||
        value ||
        (attributes.get('office:string-value') ?? attributes.get('office:boolean-value') ?? '')
      );
  }
}

function dateValue(value = ''): string | undefined {
  const [, date, hours, minutes, seconds] =
    /^(-?\d+-\d\d-\d\d)(?:T(\d\d):(\d\d):?(\d\d)?)?/.exec(value) ?? [];
  if (date === undefined) return undefined;
  const time = clock(hours, minutes, seconds);
  return time === '00:00' ? date : `${date} ${time}`;
}

function timeValue(value = ''): string | undefined {
  const [match, hours, minutes, seconds] = DURATION.exec(value) ?? [];
  return match === undefined ? undefined : clock(hours, minutes, seconds);
}

/** Writes a time as `hh:mm`, with seconds if there are any. */
function clock(hours = '00', minutes = '00', seconds = '00'): string {
  const time = `${hours.padStart(2, '0')}:${minutes.padStart(2, '0')}`;
  return Number(seconds) === 0 ? time : `${time}:${seconds.padStart(2, '0')}`;
}
