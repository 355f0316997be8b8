/** Clients that have not proven who they are: few at a time, and fewer from one address, so that none shuts out the rest. */

/** Counts clients from the moment they come until they are known or gone. */
export interface Strangers {
  /** Lets a client in and gives what to call, once or more, when it is no stranger any more. Undefined: no room. */
  readonly enter: (address: string) => (() => void) | undefined
}

/** Clients of one address that may be on the way to prove themselves. */
export const STRANGERS_PER_ADDRESS_MAX = 8
/** Clients that may be on the way to prove themselves. */
export const STRANGERS_MAX = 64

/** Nobody is here. */
export function openStrangers(): Strangers {
  const present = new Map<symbol, string>()
  return {
    enter: (address) => {
      const fromThere = present.values().filter((other) => other === address)
      const isFull = present.size >= STRANGERS_MAX
      if (isFull || [...fromThere].length >= STRANGERS_PER_ADDRESS_MAX) return undefined
      const stranger = Symbol(address)
      present.set(stranger, address)
      return () => void present.delete(stranger)
    },
  }
}
