/**
 * The NATS carrier: a JetStream stream as the post office of a workspace.
 *
 * What is put there once is found by every node. We publish with a plain PUB and a short reply subject, hear live
 * traffic by a plain SUB, catch up by direct get, and leave nothing standing on the server: 585 bytes of IP for a
 * 300-byte envelope with its acknowledgement inside TLS, 370 for each of ten that leave together (`nats-pack.ts`), none while idle
 * (`scripts/bench nats`, measured 2026-11-22). Pieces of files stand in a second stream, and come to whoever fetches them (`nats-shelf.ts`).
 * Needs server 2.9.10; uses what newer ones offer. The server's acknowledgement is not custody: `departed`.
 */
import { EdgeError } from '#base/errors.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Carrier, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import { openLink } from './nats-link.ts'
import { openOffice } from './nats-office.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import { rehearseLine } from './nats-rehearsal.ts'
import { serveLine, type Session } from './nats-session.ts'
import { assertAddress, fileToken } from './nats-subject.ts'
import { firstPace, roomOn } from './nats-window.ts'

/** What is expected of a line that is not there: 2.4 kbit/s, 3 s there and back. */
const SLOW_DIAL_MS = 9_000

/** The carrier, and ears for what a modem knows. */
export interface NatsCarrier extends Carrier {
  /** The modem says that there is a way: dial now, and see whether the line of before still lives. */
  readonly linkUp: () => void
  /** The modem says that there is no way: the contact ends now. */
  readonly linkDown: () => void
}

/**
 * Opens the carrier; it dials at once and for ever. The store must outlive it.
 * @throws EdgeError STORE_BROKEN
 */
export async function openNatsCarrier(
  options: NatsOptions,
  ports: NatsPorts,
): Promise<NatsCarrier> {
  assertAddress(options)
  const office = await openOffice(options, ports)
  let session: Session | undefined
  const link = openLink({
    options,
    ports,
    serve: (line) =>
      serveLine(office, line, (begun) => {
        session = begun
      }),
  })
  const stop = new AbortController()
  const running = link.run(stop.signal)

  const unreachable = (peer: PeerId): EdgeError =>
    new EdgeError('CARRIER_UNREACHABLE', { carrier: options.name, peer })
  const send = async (peer: PeerId, parcel: Parcel, signal: AbortSignal): Promise<Handover> => {
    const { length } = parcel.bytes
    if (length > ENVELOPE_BYTES_MAX)
      throw new EdgeError('ENVELOPE_TOO_LARGE', { bytes: length, bytesMax: ENVELOPE_BYTES_MAX })
    if (peer !== office.peer || session === undefined) throw unreachable(peer)
    return session.sender.send(parcel, signal)
  }
  return {
    name: options.name,
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: options.receiptDelayMs,
    shelf: {
      fetch: async (peer, file, signal) => {
        if (peer !== office.peer || session === undefined) throw unreachable(peer)
        return session.shelf.fetch(file, signal)
      },
      again: (file) => void office.shelf.anew(fileToken(file)),
    },
    room: () => roomOn(session?.exchange.pace() ?? firstPace(SLOW_DIAL_MS)),
    contacts: office.contacts.contacts,
    arrivals: office.arrivals,
    send,
    rehearse: (profile) => rehearseLine(profile, session?.exchange.pace()),
    usedBytes: link.usedBytes,
    line: { peer: office.peer, open: link.open, close: link.close },
    linkUp: () => {
      link.linkUp()
      void session?.exchange.probe()
    },
    linkDown: link.linkDown,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
      office.contacts.close()
      office.waiting.close()
      await Promise.all([office.save(), office.shelf.save()])
    },
  }
}
