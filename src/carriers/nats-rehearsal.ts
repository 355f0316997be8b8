/**
 * How a line would carry parcels: the pace that is learned from answers (`nats-window.ts`), played through on a line as its profile
 * has it. Pure but for what it remembers; no byte goes anywhere.
 */
import type { LineRehearsal } from '#ports/carrier.ts'
import { connectUse, type LinkProfile } from '#tariff/profile.ts'
import { bytesOnLine } from './nats-exchange.ts'
import { firstPace, paceAfter, roomOn, waitMs, type Pace, type UnderWay } from './nats-window.ts'

interface Flight {
  readonly size: number
  readonly leftMs: number
  readonly answersMs: number
  readonly underWayBytes: number
  readonly answeredBefore: number
}

interface Play {
  readonly profile: LinkProfile
  pace: Pace
  under: UnderWay
  nowMs: number
  /** When the line is done with what was sent. */
  freeMs: number
  answeredBytes: number
  /** Oldest first. */
  readonly flights: Flight[]
}

/** A line that begins with a dial, or stands and has this pace. */
export function rehearseLine(profile: LinkProfile, known: Pace | undefined): LineRehearsal {
  const dialMs = known === undefined ? connectUse(profile).ms : 0
  const play: Play = {
    profile,
    pace: known ?? firstPace(dialMs),
    under: { bytes: 0, beganAtMs: dialMs, answeredAtMs: dialMs },
    nowMs: dialMs,
    freeMs: dialMs,
    answeredBytes: 0,
    flights: [],
  }
  return {
    room: () => {
      const isFull = (): boolean =>
        play.flights.length > 1 && play.under.bytes >= roomOn(play.pace).underWayBytes
      while (isFull()) answer(play)
      return roomOn(play.pace)
    },
    send: (bytes) => leave(play, bytes),
    endMs: () => Math.ceil(play.flights.at(-1)?.answersMs ?? play.nowMs),
  }
}

/** The next parcel leaves as soon as the pace allows. */
function leave(play: Play, bytes: number): void {
  for (let ms = pauseMs(play); ms > 0; ms = pauseMs(play)) {
    const next = play.flights[0]
    if (next !== undefined && next.answersMs <= play.nowMs + ms) answer(play)
    else play.nowMs += ms
  }
  const { profile, under, nowMs } = play
  const size = bytesOnLine(new Uint8Array(bytes))
  const leavesMs = Math.max(nowMs, play.freeMs)
  play.freeMs = leavesMs + (size * 8_000) / profile.upBps
  play.under = {
    ...under,
    bytes: under.bytes + size,
    beganAtMs: under.bytes === 0 ? nowMs : under.beganAtMs,
  }
  play.flights.push({
    size,
    leftMs: nowMs,
    answersMs: play.freeMs + profile.roundTripMs,
    underWayBytes: play.under.bytes,
    answeredBefore: play.answeredBytes,
  })
}

function pauseMs({ pace, under, nowMs }: Play): number {
  return waitMs(pace, under, nowMs)
}

/** The oldest of what is under way is answered. */
function answer(play: Play): void {
  const flight = play.flights.shift()
  if (flight === undefined) return
  const { size, leftMs, answersMs, underWayBytes, answeredBefore } = flight
  play.nowMs = Math.max(play.nowMs, answersMs)
  play.answeredBytes += size
  play.under = { ...play.under, bytes: play.under.bytes - size, answeredAtMs: answersMs }
  const answeredBytes = play.answeredBytes - answeredBefore
  play.pace = paceAfter(play.pace, { tookMs: answersMs - leftMs, answeredBytes, underWayBytes })
}
