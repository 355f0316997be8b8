/**
 * Makes all of a process live faster than life, by `node --import quick-time.ts?speed=N`: its clocks run and its timers
 * are due N times as early. So a node on an emulated link that is faster than life stands to it as it does in life.
 * What Node itself waits for (an idle HTTP connection) stays as it is.
 */
const speed = Number(new URL(import.meta.url).searchParams.get('speed') ?? 1)
const startedAt = Date.now()
const startedMs = performance.now()
const realMs = performance.now.bind(performance)
const { setTimeout: later, setInterval: often } = globalThis

const elapsedMs = (): number => (realMs() - startedMs) * speed

Date.now = () => startedAt + Math.trunc(elapsedMs())
performance.now = () => startedMs + elapsedMs()
globalThis.setTimeout = quicker(later)
globalThis.setInterval = quicker(often)

function quicker<Timer extends typeof later | typeof often>(timer: Timer): Timer {
  const start = (callback: () => void, ms?: number, ...rest: []): unknown =>
    timer(callback, ms === undefined ? ms : ms / speed, ...rest)
  return Object.assign(start, timer) as Timer
}
