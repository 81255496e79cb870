const msOfDay = 86_400_000;

/** RFC 3339 in UTC to the second, as Kubernetes writes times; milliseconds since 1970 in. */
export function rfc3339(ms: number): string {
  const days = Math.floor(ms / msOfDay);
  const seconds = Math.floor((ms - days * msOfDay) / 1000);
  const { year, month, day } = civilDate(days);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  const hour = Math.floor(seconds / 3600);
  const minute = Math.floor(seconds / 60) % 60;
  return `${date}T${padded(hour, 2)}:${padded(minute, 2)}:${padded(seconds % 60, 2)}Z`;
}

const moment =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Milliseconds since 1970 of an RFC 3339 time, to the second; undefined for anything else. */
export function msOf(time: string | null | undefined): number | undefined {
  const parts = moment.exec(time ?? '');
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map(Number);
  const [sign, hours = '0', minutes = '0'] = parts.slice(7);
  const offset = (sign === '-' ? -60 : 60) * (Number(hours) * 60 + Number(minutes));
  const seconds = hour * 3600 + minute * 60 + second - offset;
  return dayOf({ year, month, day }) * msOfDay + seconds * 1000;
}

/** The day counted from 1970 of a Gregorian date: the inverse of civilDate. */
function dayOf({ year, month, day }: ReturnType<typeof civilDate>): number {
  const fromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leaps = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leaps + dayOfYear - 719_468;
}

/**
 * The Gregorian date of a day counted from 1970. Years are counted from March, so that the leap day is
 * the last of its year, in eras of 400 years that all have the same length.
 */
function civilDate(daysSince1970: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const days = daysSince1970 + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function padded(value: number, width: number): string {
  return `${value}`.padStart(width, '0');
}
