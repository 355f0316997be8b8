/**
 * Contacts as the one consumer hears of them: begin, end, begin, and never two of a kind in a row.
 *
 * It keeps what has to be told, not what happened: a contact that began and ended while nobody listened
 * is passed over, but that a peer may have forgotten is kept until it has been told.
 */
import type { Contact, PeerId } from '#ports/carrier.ts'

/** State of all contacts of one carrier. */
export interface ContactQueue {
  readonly begin: (peer: PeerId, mayHaveForgotten: boolean) => void
  readonly end: (peer: PeerId) => void
  readonly isUp: (peer: PeerId) => boolean
  /** Whether the consumer has not yet heard that `peer` may have forgotten. */
  readonly hasUntold: (peer: PeerId) => boolean
  /** For one consumer. Ends when closed. */
  readonly contacts: () => AsyncIterable<Contact>
  readonly close: () => void
}

interface Line {
  readonly peer: PeerId
  isUp: boolean
  /** What the consumer heard last. */
  isToldUp: boolean
  /** It ended since the consumer heard that it was up. */
  hasBroken: boolean
  mayHaveForgotten: boolean
}

/** A queue that knows no peer yet. */
export function openContactQueue(): ContactQueue {
  const lines = new Map<PeerId, Line>()
  const state = { isClosed: false }
  let change = Promise.withResolvers<void>()

  const changed = (): void => {
    change.resolve()
    change = Promise.withResolvers()
  }
  const lineOf = (peer: PeerId): Line => {
    const known = lines.get(peer)
    if (known !== undefined) return known
    const line = { peer, isUp: false, isToldUp: false, hasBroken: false, mayHaveForgotten: false }
    lines.set(peer, line)
    return line
  }

  return {
    begin: (peer, mayHaveForgotten) => {
      const line = lineOf(peer)
      line.isUp = true
      line.mayHaveForgotten ||= mayHaveForgotten
      changed()
    },
    end: (peer) => {
      const line = lineOf(peer)
      line.isUp = false
      line.hasBroken = line.isToldUp
      changed()
    },
    isUp: (peer) => lines.get(peer)?.isUp ?? false,
    hasUntold: (peer) => lines.get(peer)?.mayHaveForgotten ?? false,
    contacts: async function* tell() {
      while (!state.isClosed) {
        const news = lines
          .values()
          .map(nextNews)
          .find((contact) => contact !== undefined)
        if (news !== undefined) yield news
        // oxlint-disable-next-line no-await-in-loop -- one after another, as they come
        else await change.promise
      }
    },
    close: () => {
      state.isClosed = true
      changed()
    },
  }
}

/** What the consumer has to hear next about this peer, and notes it as told. */
function nextNews(line: Line): Contact | undefined {
  const { peer } = line
  if (line.isToldUp && (line.hasBroken || !line.isUp)) {
    line.isToldUp = false
    line.hasBroken = false
    return { peer, isUp: false, mayHaveForgotten: false }
  }
  if (line.isToldUp || !line.isUp) return undefined
  const { mayHaveForgotten } = line
  line.isToldUp = true
  line.mayHaveForgotten = false
  return { peer, isUp: true, mayHaveForgotten }
}
