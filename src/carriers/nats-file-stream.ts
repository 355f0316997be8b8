/** The stream for pieces of files, where this node makes it: beside everything else, as nothing waits for it. */
import { codeOf } from '#base/errors.ts'
import { backOffMs } from './nats-back-off.ts'
import type { Exchange } from './nats-exchange.ts'
import type { Office } from './nats-office.ts'
import { fileStreamConfig, provisionStream } from './nats-provision.ts'

/** The stream as this node looks after it, on one line. */
export interface FileStream {
  /** Sees to it that the stream is there and as it must be, where that is our task. */
  readonly mend: () => void
}

/** Does nothing yet. */
export function openFileStream(office: Office, exchange: Exchange): FileStream {
  let isMending = false
  const mend = async (): Promise<void> => {
    if (!office.options.provision || isMending) return
    isMending = true
    try {
      await provision(office, exchange)
    } catch (error) {
      if (codeOf(error) !== 'CARRIER_UNREACHABLE') throw error
    }
    isMending = false
  }
  return { mend: () => void mend() }
}

/** Until it is as it must be, or the line has ended. The node is not told of one made anew: what it lacked is asked for again. */
async function provision({ options, ports, shelf }: Office, exchange: Exchange): Promise<void> {
  const { over } = exchange.line
  const told = { carrier: options.name, log: ports.log }
  for (let failures = 1; !over.aborted; failures += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    const stream = await provisionStream(exchange, fileStreamConfig(options), told)
    if (stream?.isNew === true) shelf.forget()
    if (stream !== undefined) return
    const waitMs = backOffMs(failures, options.backOffMaxMs, ports.random)
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    await ports.clock.sleep(waitMs, over)
  }
}
