/**
 * The three functions of the reflect-metadata proposal that the certificate library's dependency container wants to
 * find on `Reflect` when it is loaded. Import this file before the library. What is there already stays.
 */

type Key = string | symbol

const kept = new WeakMap<object, Map<unknown, unknown>>()

function define(key: unknown, value: unknown, target: object): void {
  const own = kept.get(target) ?? new Map<unknown, unknown>()
  kept.set(target, own.set(key, value))
}

function getOwn(key: unknown, target: object): unknown {
  return kept.get(target)?.get(key)
}

function getInherited(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at))
    if (kept.get(at)?.has(key) === true) return getOwn(key, at)
  return undefined
}

/** The decorator by which a compiler notes types. */
function metadata(key: unknown, value: unknown): (target: object, property?: Key) => void {
  return (target, property) => {
    if (property === undefined) define(key, value, target)
  }
}

if (!('getMetadata' in Reflect))
  Object.assign(Reflect, {
    defineMetadata: define,
    getOwnMetadata: getOwn,
    getMetadata: getInherited,
    metadata,
  })

/** Whether `Reflect` has what the certificate library wants. */
export const hasMetadata: boolean = 'getMetadata' in Reflect
