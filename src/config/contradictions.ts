/** What no single key of a config shows: keys that say something together. */
import type { Config, NatsConfig } from './schema.ts'

interface Contradiction {
  readonly path: readonly (string | number)[]
  /** What is wanted, in words. */
  readonly message: string
}

/** What no key can say alone. */
export function contradictions(config: Config): readonly Contradiction[] {
  return config.carriers.flatMap((carrier, index) => {
    const earlier = config.carriers.slice(0, index)
    const path = ['carriers', index]
    if (carrier.kind === 'lan')
      return earlier.some((other) => other.kind === 'lan')
        ? [{ path: [...path, 'kind'], message: 'one lan carrier; put all addresses into its dial' }]
        : []
    const isNamedTwice = earlier.some(
      (other) => other.kind === 'nats' && other.name === carrier.name,
    )
    return [
      ...(isNamedTwice
        ? [
            {
              path: [...path, 'name'],
              message: 'a name no other carrier has (nats when none is given)',
            },
          ]
        : []),
      ...pairs(carrier).map(({ path: key, message }) => ({ path: [...path, ...key], message })),
    ]
  })
}

/** Keys that make sense only together. */
function pairs({ user, passwordFile, tls }: NatsConfig): readonly Contradiction[] {
  const inTls = together({ certFile: tls?.certFile, keyFile: tls?.keyFile })
  return [
    ...together({ user, passwordFile }),
    ...inTls.map(({ path, message }) => ({ path: ['tls', ...path], message })),
  ]
}

/** A contradiction for each key of `values` that is absent while another is there. */
function together(values: Readonly<Record<string, unknown>>): readonly Contradiction[] {
  const there = Object.keys(values).find((key) => values[key] !== undefined)
  if (there === undefined) return []
  return Object.keys(values)
    .filter((key) => values[key] === undefined)
    .map((key) => ({ path: [key], message: `a value, because ${there} is set` }))
}
