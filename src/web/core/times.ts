/** Times as people of a language write them. */

/** The words of one language for points in time. All times are those of the device's own zone. */
export interface Times {
  /** Hours and minutes. */
  readonly clock: (at: number) => string
  /** A day: today, yesterday, or its date. */
  readonly day: (at: number, now: number) => string
  /** Clock today, otherwise day and clock. */
  readonly moment: (at: number, now: number) => string
  /** How long ago, in one unit. */
  readonly ago: (at: number, now: number) => string
  /** How long, in one unit. */
  readonly span: (ms: number) => string
  /** How long a sound is: minutes and seconds, as `1:05`. */
  readonly clockSpan: (ms: number) => string
  readonly number: (value: number) => string
  readonly bytes: (value: number) => string
  /** An amount with its currency, to the hundredth, or further below one. */
  readonly money: (value: number, currency: string) => string
}

/** What is less is not told. */
const MONEY_LEAST = 0.001
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Times in `language`. */
export function timesIn(language: string): Times {
  const dayFormat = once(() => {
    const options = { weekday: 'long', day: 'numeric', month: 'long' } as const
    return new Intl.DateTimeFormat(language, options)
  })
  const relative = once(() => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }))
  const numberFormat = once(() => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }))
  const day = (at: number, now: number): string => {
    const days = Math.round((midnight(at) - midnight(now)) / DAY_MS)
    if (days === 0 || days === -1) return capitalised(relative().format(days, 'day'))
    return capitalised(dayFormat().format(at))
  }
  return {
    clock,
    day,
    moment: (at, now) =>
      midnight(at) === midnight(now) ? clock(at) : `${day(at, now)}, ${clock(at)}`,
    ago: (at, now) => {
      const [value, unit] = inUnit(Math.max(0, now - at))
      return relative().format(-value, unit)
    },
    span: (ms) => {
      const [value, unit] = inUnit(ms)
      const format = { style: 'unit', unit, unitDisplay: 'long' } as const
      return new Intl.NumberFormat(language, format).format(value)
    },
    clockSpan: (ms) => {
      const seconds = Math.round(ms / 1_000)
      return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
    },
    number: (value) => (isShort(value) ? String(value) : numberFormat().format(value)),
    bytes: (value) => {
      const [amount, unit] = inBytes(value)
      // Of bytes the short form says one as it says many.
      const unitDisplay = unit === 'byte' ? 'long' : 'short'
      const maximumFractionDigits = amount < 10 ? 1 : 0
      const format = { style: 'unit', unit, unitDisplay, maximumFractionDigits } as const
      return new Intl.NumberFormat(language, format).format(amount)
    },
    money: (value, currency) => {
      const isLeast = value > 0 && value < MONEY_LEAST
      const maximumFractionDigits = value < 1 ? 3 : 2
      const options = { minimumFractionDigits: 2, maximumFractionDigits } as const
      const format = new Intl.NumberFormat(language, options)
      const amount = format.format(isLeast ? MONEY_LEAST : value)
      return `${isLeast ? '< ' : ''}${amount}\u00a0${currency}`
    },
  }
}

/** Whether two points in time are of one day. */
export function isSameDay(a: number, b: number): boolean {
  return midnight(a) === midnight(b)
}

/** By hand: all our languages write a clock so, and on an old phone the first use of the browser's own takes half a second. */
function clock(at: number): string {
  const time = new Date(at)
  return `${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Nothing in it is written otherwise elsewhere. */
function isShort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 1_000
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Made when it is first wanted: each costs an old phone a tenth of a second. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

function inUnit(ms: number): readonly [number, 'second' | 'minute' | 'hour' | 'day'] {
  if (ms < MINUTE_MS) return [Math.round(ms / 1_000), 'second']
  if (ms < HOUR_MS) return [Math.round(ms / MINUTE_MS), 'minute']
  if (ms < 2 * DAY_MS) return [Math.round(ms / HOUR_MS), 'hour']
  return [Math.round(ms / DAY_MS), 'day']
}

function inBytes(value: number): readonly [number, 'byte' | 'kilobyte' | 'megabyte' | 'gigabyte'] {
  if (value < 1_000) return [value, 'byte']
  if (value < 1e6) return [value / 1_000, 'kilobyte']
  return value < 1e9 ? [value / 1e6, 'megabyte'] : [value / 1e9, 'gigabyte']
}

function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1)
}
