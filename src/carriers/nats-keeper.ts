/** Keeps one value of the carrier in the store. A store that fails means that more is fetched again. */
import { textFromBytes } from '#base/bytes.ts'
import { codeOf } from '#base/errors.ts'
import type { NatsPorts } from './nats-options.ts'

/** Writes one value at a time. */
export interface Keeper {
  /** Writes the value unless it stands there; calls that come meanwhile share the next write. */
  readonly save: () => Promise<void>
  /** These bytes stand in the store. */
  readonly isKept: (bytes: Uint8Array) => void
}

/** What a keeper works with. */
export interface KeeperParts {
  readonly key: string
  readonly carrier: string
  readonly ports: Pick<NatsPorts, 'store' | 'log'>
  /** The value as it is now: text. */
  readonly value: () => Uint8Array
}

/** Has written nothing yet. */
export function openKeeper({ key, carrier, ports, value: valueNow }: KeeperParts): Keeper {
  let kept = ''
  let isWanted = false
  let saving: Promise<void> | undefined

  const write = async (): Promise<void> => {
    while (isWanted) {
      isWanted = false
      const value = valueNow()
      if (textFromBytes(value) === kept) continue
      try {
        // oxlint-disable-next-line no-await-in-loop -- one write after the other
        await ports.store.write([{ key, value }])
        kept = textFromBytes(value)
      } catch (error) {
        ports.log.warn('nats.place-not-kept', { carrier, code: codeOf(error) ?? 'UNKNOWN' })
      }
    }
  }
  return {
    isKept: (bytes) => {
      kept = textFromBytes(bytes)
    },
    save: async () => {
      isWanted = true
      saving ??= write().finally(() => {
        saving = undefined
      })
      await saving
    },
  }
}
