/** Shows a trial: on a terminal a table that stays in place, elsewhere one line now and then. */
import { table } from '#cli/terminal.ts'
import type { Reading } from './meter.ts'

/** What is shown at one moment. */
export interface Picture {
  readonly seconds: number
  readonly posted: number
  readonly total: number
  readonly wireBytes: number
  readonly readings: readonly Reading[]
}

/** Where a trial is shown. */
export interface Display {
  readonly show: (picture: Picture) => void
  /** Something happened. */
  readonly tell: (line: string) => void
}

/** The end of the terminal's screen that the table may use. */
const LINES_OF_NEWS = 6
const PLAIN_EVERY_S = 5

/** A display on `stream`. */
export function openDisplay(stream: NodeJS.WriteStream): Display {
  return stream.isTTY ? onTerminal(stream) : inPlainLines(stream)
}

function onTerminal(stream: NodeJS.WriteStream): Display {
  const news: string[] = []
  let height = 0
  return {
    tell: (line) => {
      news.push(line)
      if (news.length > LINES_OF_NEWS) news.shift()
    },
    show: (picture) => {
      const lines = [headline(picture), '', ...rows(picture), '', ...news.map((one) => `  ${one}`)]
      const width = stream.columns
      const text = lines.map((line) => `${line.slice(0, width)}\u001B[K\n`).join('')
      stream.write(`${height === 0 ? '' : `\u001B[${height}A`}${text}\u001B[J`)
      height = lines.length
    },
  }
}

function inPlainLines(stream: NodeJS.WriteStream): Display {
  let shownAt = -PLAIN_EVERY_S
  return {
    tell: (line) => void stream.write(`  ${line}\n`),
    show: (picture) => {
      if (picture.seconds - shownAt < PLAIN_EVERY_S) return
      shownAt = picture.seconds
      const nodes = picture.readings.map((one) => {
        const state = one.isUp ? '' : ' (down)'
        return `${one.name}${state} has ${one.messages}, ${one.queued} wait`
      })
      stream.write(`${headline(picture)}; ${nodes.join('; ')}\n`)
    },
  }
}

function headline({ seconds, posted, total, wireBytes }: Picture): string {
  return `${seconds.toFixed(0).padStart(4)} s  ${posted} of ${total} written, ${amount(wireBytes)} over the links`
}

function rows({ readings, posted }: Picture): readonly string[] {
  const head = ['node', 'is', 'link', 'waits', 'sent', 'received', 'has', 'lacks', 'too many']
  const body = readings.map((one) => [
    one.name,
    one.isUp ? 'up' : 'down',
    one.isLinked === undefined ? '-' : one.isLinked ? 'up' : 'cut',
    String(one.queued),
    amount(one.sentBytes),
    amount(one.receivedBytes),
    String(one.messages),
    String(Math.max(0, posted - one.messages)),
    String(Math.max(0, one.messages - posted)),
  ])
  return table([head, ...body])
}

function amount(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`
}
