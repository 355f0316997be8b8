/** What happens on one line, from the greeting to the end: provision, recall, contact, live traffic, catching up, pieces of files. */
import { codeOf } from '#base/errors.ts'
import { backOffMs } from './nats-back-off.ts'
import { openCatchUp, type CatchUp } from './nats-catch-up.ts'
import { openExchange, type Exchange } from './nats-exchange.ts'
import { openFileStream, type FileStream } from './nats-file-stream.ts'
import type { Line, LineMessage } from './nats-line.ts'
import type { Office } from './nats-office.ts'
import type { Mark } from './nats-place.ts'
import { provisionStream, streamConfig } from './nats-provision.ts'
import { recall } from './nats-recall.ts'
import { openSender, type Sender } from './nats-sender.ts'
import { openLineShelf, type LineShelf } from './nats-shelf.ts'
import { everySubject, isOwnSubject, laneOfSubject } from './nats-subject.ts'

/** A contact with the post office. */
export interface Session {
  readonly sender: Sender
  readonly exchange: Exchange
  readonly shelf: LineShelf
}

/** Serves `line` until it ends. `onContact` hears of the contact when it begins, and undefined when it has ended. */
export async function serveLine(
  office: Office,
  line: Line,
  onContact: (session: Session | undefined) => void,
): Promise<void> {
  const { peer, options, ports, ledger, contacts, tokens } = office
  const exchange = openExchange({ line, tokens, options, ports })
  ledger.begin()
  const contact = { mayHaveForgottenSince: false }
  try {
    await findStream(office, exchange)
    const files = openFileStream(office, exchange)
    files.mend()
    const catchUp = catchUpOn(office, exchange)
    line.listen(everySubject(options.workspace), (message) => hear(office, catchUp, message))
    const sender = senderOn(office, { exchange, catchUp, contact, files })
    const shelf = openLineShelf({
      peer,
      exchange,
      options,
      ports,
      books: office.shelf,
      arrivals: office.waiting,
      caughtUp: catchUp.caughtUp,
      onNobody: files.mend,
    })
    contacts.begin(peer, ledger.place().mayHaveForgotten)
    onContact({ sender, exchange, shelf })
    await catchUp.run()
  } catch (error) {
    if (codeOf(error) !== 'CARRIER_UNREACHABLE') throw error
  } finally {
    onContact(undefined)
    contacts.end(peer)
    if (!contacts.hasUntold(peer)) ledger.setForgotten(contact.mayHaveForgottenSince)
    await office.save()
  }
}

/** Sees to it that the stream is there, where that is our task, and that it is the one we know. */
async function findStream(office: Office, exchange: Exchange): Promise<void> {
  const { options, ledger, shelf } = office
  const isOther = options.provision && (await provision(office, exchange))
  const isKnown = ledger.knowsServer(exchange.line.serverId)
  const hasLost = !isKnown && (await recall({ ...office, exchange }))
  // Both streams lie on the same disk.
  if (isOther || hasLost) shelf.forget()
  await office.save()
}

/** Until the stream is as it must be. Says whether it is another than the one we knew. */
async function provision({ options, ports, ledger }: Office, exchange: Exchange): Promise<boolean> {
  const told = { carrier: options.name, log: ports.log }
  for (let failures = 1; ; failures += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    const stream = await provisionStream(exchange, streamConfig(options), told)
    if (stream !== undefined) {
      const known = ledger.streamMadeAt()
      const isOther = known !== undefined && known !== stream.madeAt
      if (stream.isNew || isOther) {
        ledger.rewind(0)
        ledger.trustNoServer()
        ledger.setForgotten(true)
      }
      ledger.setStreamMadeAt(stream.madeAt)
      return stream.isNew || isOther
    }
    const waitMs = backOffMs(failures, options.backOffMaxMs, ports.random)
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    await ports.clock.sleep(waitMs, exchange.line.over)
  }
}

function catchUpOn(office: Office, exchange: Exchange): CatchUp {
  const { options, ports, ledger, waiting, deliver } = office
  return openCatchUp({
    exchange,
    ledger,
    options,
    ports,
    arrivals: waiting,
    deliver,
    onComplete: () => {
      ports.log.debug('nats.caught-up', { carrier: options.name, seq: ledger.next() - 1 })
      void office.save()
    },
  })
}

/** Takes a live message in, or leaves it to be fetched when the node is behind. */
function hear(office: Office, catchUp: CatchUp, { subject, bytes }: LineMessage): void {
  const { options, ledger, waiting, deliver } = office
  if (isOwnSubject(options, subject)) return ledger.sending(bytes)
  if (!waiting.isCalm()) {
    ledger.missed()
    return catchUp.wake()
  }
  const entry = ledger.heard(bytes)
  if (entry === undefined) return
  deliver(entry, bytes, laneOfSubject(subject))
  if (ledger.isCrowded()) catchUp.wake()
}

interface LineParts {
  readonly contact: {
    /** The stream was made anew after the contact began. */
    mayHaveForgottenSince: boolean
  }
  readonly exchange: Exchange
  readonly catchUp: CatchUp
  readonly files: FileStream
}

function senderOn(office: Office, parts: LineParts): Sender {
  const { exchange, contact, files } = parts
  const { options, ports, ledger, shelf } = office
  let isMending = false
  const mend = async (): Promise<void> => {
    if (!options.provision || isMending) return
    isMending = true
    try {
      contact.mayHaveForgottenSince = await provision(office, exchange)
    } catch (error) {
      if (codeOf(error) !== 'CARRIER_UNREACHABLE') throw error
    }
    isMending = false
    // A stream made anew begins a new contact, so that the node hears of it.
    if (contact.mayHaveForgottenSince) exchange.line.drop()
  }
  return openSender({
    exchange,
    options,
    ports,
    onSending: (bytes, isPiece) => (isPiece ? shelf : ledger).sending(bytes),
    onStored: (mark, bytes) => stored(office, parts, { mark, bytes }),
    onNobody: (isPiece) => (isPiece ? files.mend() : void mend()),
    onIdle: () => void office.save(),
  })
}

/** What the acknowledgement of our own parcel tells about everybody's. */
function stored(
  { options, ports, ledger }: Office,
  { exchange, catchUp }: LineParts,
  { mark, bytes }: { readonly mark: Mark; readonly bytes: Uint8Array },
): void {
  const balance = ledger.acknowledged(mark, bytes)
  if (balance === 'gap') {
    ports.log.debug('nats.gap', { carrier: options.name, seq: mark.seq })
    return catchUp.wake()
  }
  if (balance !== 'other-stream') return
  ports.log.warn('nats.other-stream', { carrier: options.name, seq: mark.seq })
  ledger.trustNoServer()
  exchange.line.drop()
}
