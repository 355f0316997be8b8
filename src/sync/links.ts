/** The state of every carrier's peers, as shown to people. */
import type { Instant } from '#base/ids.ts'
import type { PeerId } from '#ports/carrier.ts'

/** A carrier's peer, now. */
export interface LinkState {
  readonly carrier: string
  readonly peer: PeerId
  readonly isUp: boolean
  readonly since: Instant
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Bytes a second handed over lately; 0 when not yet known. */
  readonly bytesPerSecond: number
}

/** The links of a node; counts are since it started. */
export interface Links {
  readonly all: () => readonly LinkState[]
  readonly turned: (
    link: { readonly carrier: string; readonly peer: PeerId },
    isUp: boolean,
  ) => void
  readonly received: (
    link: { readonly carrier: string; readonly peer: PeerId },
    bytes: number,
  ) => void
  readonly sent: (
    link: { readonly carrier: string; readonly peer: PeerId },
    bytes: number,
    ms: number,
  ) => void
}

/** No links yet. */
export function openLinks(now: () => Instant): Links {
  const links = new Map<string, LinkState>()
  const change = (
    link: { readonly carrier: string; readonly peer: PeerId },
    by: (known: LinkState) => Partial<LinkState>,
  ): void => {
    const name = `${link.carrier} ${link.peer}`
    const { carrier, peer } = link
    const fresh = {
      carrier,
      peer,
      isUp: false,
      since: now(),
      sentBytes: 0,
      receivedBytes: 0,
      bytesPerSecond: 0,
    }
    const known = links.get(name) ?? fresh
    links.set(name, { ...known, ...by(known) })
  }
  return {
    all: () => [...links.values()],
    turned: (link, isUp) => change(link, () => ({ isUp, since: now() })),
    received: (link, bytes) =>
      change(link, (known) => ({ receivedBytes: known.receivedBytes + bytes })),
    sent: (link, bytes, ms) =>
      change(link, (known) => {
        const rate = (bytes * 1000) / Math.max(1, ms)
        const bytesPerSecond =
          known.bytesPerSecond === 0 ? rate : known.bytesPerSecond * 0.8 + rate * 0.2
        return { sentBytes: known.sentBytes + bytes, bytesPerSecond }
      }),
  }
}
