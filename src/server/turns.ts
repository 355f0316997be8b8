/** Slow work taken in turns: so many at once, so many waiting, no more. */

/** Runs `work` when its turn comes; undefined when too many wait already. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T> | undefined

/** At most `atOnceMax` run, at most `waitingMax` wait, first come first served. */
export function createTurns(atOnceMax: number, waitingMax: number): Turns {
  const waiting: (() => void)[] = []
  let running = 0
  const finish = (): void => {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
  const start = <T>(work: () => Promise<T>): Promise<T> => work().finally(finish)
  return (work) => {
    if (running < atOnceMax) {
      running += 1
      return start(work)
    }
    if (waiting.length >= waitingMax) return undefined
    return new Promise<void>((resolve) => waiting.push(resolve)).then(() => start(work))
  }
}
