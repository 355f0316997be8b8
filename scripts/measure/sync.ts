/**
 * Sync: two replicas that were apart, and a thin link.
 *
 * `ours_b` is everything said from the contact's beginning until nothing more is said, sealed and signed, receipts too;
 * `ours_deltas_b` what of it carries posts. `ours_round_trips` are begun until both have everything. `automerge_sync_b` is what Automerge's
 * own sync protocol says of the same changes, `automerge_repo_b` what automerge-repo does with it (its messages in CBOR, no greeting, no
 * frames); neither is sealed or signed. `flash_first_byte_ms` is from the link's coming up (a session stands) to the first byte, at the
 * far end, of a flash message that waited behind a full routine queue and a file of `flash_file_b`;
 * `flash_in_flight_ms` is from posting one while the file is under way. Half of `flash_round_trip_ms` in both is the way through the air, and
 * `frame_airtime_ms` the longest that anything else may stand before it. `window_fill_ratio` is the share of what the link can carry
 * (9.6 kbit/s, from the session's beginning) that arrived as parcels not there before; `window_wire_ratio` counts every byte.
 */
import { measureConverge } from './sync-converge.ts'
import { measureThinLink } from './sync-link.ts'

/** What the bench may be told. */
export interface SyncBenchOptions {
  /** Little of everything: only to see that it runs. */
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

const FULL = {
  converge: { common: 10_000, apart: 200 },
  link: { speed: 4, windowMs: 120_000, idleMs: 3_600_000 },
}
const SMALL = {
  converge: { common: 400, apart: 40 },
  link: { speed: 30, windowMs: 30_000, idleMs: 60_000 },
}

/** Measures all of it. */
export async function measureSync({
  isSmall,
  tell,
}: SyncBenchOptions): Promise<Readonly<Record<string, number>>> {
  const { converge, link } = isSmall ? SMALL : FULL
  const replicas = await measureConverge(converge)
  tell('replicas measured; next a thin link, with a file in flight')
  return { ...replicas, ...(await measureThinLink(link)) }
}
