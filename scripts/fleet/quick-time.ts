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
globalThis.setTimeout = Object.assign(
  (callback: () => void, ms = 0) => later(callback, Math.ceil(ms / speed)),
  later,
)
globalThis.setInterval = Object.assign(
  (callback: () => void, ms = 0) => often(callback, Math.ceil(ms / speed)),
  often,
)
