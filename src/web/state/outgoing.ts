/** The outbox of the client: opened at the start, emptied again and again while something is to be sent later. */
import { openOutbox, type Outbox } from '#web/core/outbox.ts'
import type { Shelf } from '#web/core/shelf.ts'
import type { Store } from './store.ts'
import type { sender } from './writing.ts'

const RETRY_MS = 5_000
const nothing = (): void => undefined

/** What it needs. */
export interface BoxPorts {
  readonly shelf: Shelf
  /** Calls back after a while; gives how to call that off. */
  readonly after: (ms: number, then: () => void) => () => void
}

/** The outbox, once it is open. */
export interface Box {
  readonly box: () => Outbox
  readonly open: () => Promise<void>
  readonly flush: () => void
  /** Nothing is sent any more; what waits stays where it is kept. */
  readonly close: () => void
}

/** An outbox that is not open yet; what waits stands in `store`. */
export function createBox(ports: BoxPorts, send: ReturnType<typeof sender>, store: Store): Box {
  let outbox: Outbox | undefined
  let callOff = nothing
  const flush = async (): Promise<void> => {
    callOff()
    // It rejects when nothing can be kept, as on a device that is locked meanwhile.
    if ((await outbox?.flush().catch(() => false)) === false && store.me.value !== undefined)
      callOff = ports.after(RETRY_MS, () => void flush())
  }
  return {
    box: () => {
      if (outbox === undefined) throw new Error('the outbox is opened at the start')
      return outbox
    },
    open: async () => {
      outbox = await openOutbox({
        shelf: ports.shelf,
        send,
        show: (waiting) => {
          store.waiting.value = waiting
        },
      })
    },
    flush: () => void flush(),
    close: () => {
      callOff()
      outbox?.close()
      outbox = undefined
      store.waiting.value = []
    },
  }
}
