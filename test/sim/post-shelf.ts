/**
 * The shelf of the simulated post office: a node asks for some more of a file and is given that, and its place there is on its own disk. What
 * is asked for or given on a way that is silent never comes; the contact ends in the end, and the question with it.
 */
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import type { Arrival, Shelf } from '#ports/carrier.ts'
import type { Store } from '#ports/store.ts'
import {
  ANSWER,
  lookLater,
  unreachable,
  type Endpoint,
  type NetworkWorld,
  type Road,
} from './network.ts'
import type { Item, PostOffice } from './post-office.ts'

/** One contact with the post office, as far as its shelf is concerned. */
export interface ShelfVisit {
  readonly endpoint: Endpoint
  readonly store: Store
  readonly there: Road
  readonly back: Road
  /** Files of which something was found in this contact. */
  readonly found: Set<string>
  /** Aborted once the node has learned that the contact is over. */
  readonly over: AbortSignal
  /** Whether something comes through on a way now. */
  readonly isHeard: (way: 'there' | 'back') => boolean
}

/** Pieces that one question brings, at most. */
const PIECES_MAX = 3

/** The shelf as one node has it; `visitNow` is its contact. */
export function openShelf(
  world: NetworkWorld,
  office: Pick<PostOffice, 'onShelf'>,
  visitNow: () => ShelfVisit | undefined,
): Shelf {
  const running = new Map<string, Promise<'more' | 'end'>>()
  const begin = (visit: ShelfVisit, peer: Arrival['peer'], file: string) => {
    const fetching = fetchSome(world, office, { visit, peer, file })
    running.set(file, fetching)
    const onOver = (): void => void (running.get(file) === fetching && running.delete(file))
    void fetching.then(onOver, onOver)
    visit.over.addEventListener('abort', onOver)
    return fetching
  }
  return {
    fetch: async (peer, file, caller) => {
      const visit = visitNow()
      if (visit === undefined || caller.aborted) throw unreachable(peer)
      const signal = AbortSignal.any([caller, visit.over])
      const over = Promise.withResolvers<never>()
      const onAbort = (): void => over.reject(unreachable(peer))
      signal.addEventListener('abort', onAbort)
      try {
        return await Promise.race([running.get(file) ?? begin(visit, peer, file), over.promise])
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}

async function fetchSome(
  world: NetworkWorld,
  office: Pick<PostOffice, 'onShelf'>,
  {
    visit,
    peer,
    file,
  }: { readonly visit: ShelfVisit; readonly peer: Arrival['peer']; file: string },
): Promise<'more' | 'end'> {
  const { endpoint, store } = visit
  const key = `sim/shelf/${file}`
  const bytes = await store.get(key)
  const place = bytes === undefined ? 0 : Number(textFromBytes(bytes))
  const found = await ask(world, visit, () => {
    const more = office.onShelf(file, place, endpoint.node)
    // Somebody said that there is more: beyond a place that is not there any more nothing is.
    const isAnew = more.length === 0 && place > 0 && !visit.found.has(file)
    if (isAnew) world.marks.count('shelf.begun-anew')
    const all = isAnew ? office.onShelf(file, 0, endpoint.node) : more
    return all.slice(0, world.chance.between(1, PIECES_MAX))
  })
  const last = found.at(-1)
  if (last === undefined) return 'end'
  visit.found.add(file)
  await Promise.all(found.map((item) => settled(world, visit, { item, peer })))
  world.marks.count('shelf.fetched')
  await store
    .write([{ key, value: bytesFromText(String(last.sequence)) }])
    .catch(() => world.marks.count('shelf.place-not-kept'))
  return 'more'
}

/** Asks the post office; what it finds is on its way back then. */
function ask(
  world: NetworkWorld,
  { there, back, isHeard }: ShelfVisit,
  look: () => readonly Item[],
): Promise<readonly Item[]> {
  world.onTraffic()
  return new Promise((resolve) => {
    there(ANSWER, () => {
      if (!isHeard('there')) return
      const found = look()
      back(
        {
          bytes: found.reduce((sum, { bytes }) => sum + bytes.length, ANSWER.bytes),
          lane: 'routine',
        },
        () => {
          if (isHeard('back')) resolve(found)
        },
      )
    })
  })
}

/** Resolves once the node has accepted or refused a piece. */
function settled(
  world: NetworkWorld,
  { endpoint, isHeard }: ShelfVisit,
  { item, peer }: { readonly item: Item; readonly peer: Arrival['peer'] },
): Promise<void> {
  const here = world.nameOf(endpoint.node)
  world.onTraffic()
  world.trace.note(here, 'takes from the shelf', { sequence: item.sequence })
  return new Promise((resolve) => {
    const arrival: Arrival = {
      peer,
      bytes: Uint8Array.from(item.bytes),
      lane: item.lane,
      bookmark: [],
      acceptCustody: resolve,
      refuse: () => resolve(),
    }
    lookLater(world, here, () => void (isHeard('back') && endpoint.arrivals.put(arrival)))
  })
}
